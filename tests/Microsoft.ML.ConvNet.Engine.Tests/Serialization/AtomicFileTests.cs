using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet.Tests.Serialization;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convnet-").FullName;

    private string FilePath => Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_written_and_replaced()
    {
        AtomicFile.Write(FilePath, stream => stream.Write("first"u8));
        AtomicFile.Write(FilePath, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(FilePath));
        Assert.Equal([FilePath], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_older_file_and_nothing_else()
    {
        AtomicFile.Write(FilePath, stream => stream.Write("first"u8));
        Assert.Throws<IOException>(() => AtomicFile.Write(FilePath, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("The disk is full.");
        }));
        Assert.Equal("first", File.ReadAllText(FilePath));
        Assert.Equal([FilePath], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_write_that_fails_leaves_no_file_where_none_was()
    {
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(FilePath, _ => throw new InvalidOperationException()));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void The_older_file_is_there_until_the_new_one_is_complete()
    {
        AtomicFile.Write(FilePath, stream => stream.Write("first"u8));
        AtomicFile.Write(FilePath, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("first", File.ReadAllText(FilePath));
        });
    }

    [Fact]
    public void Folders_on_the_way_are_made()
    {
        var path = Path.Combine(_folder, "a", "b", "file");
        AtomicFile.Write(path, stream => stream.Write("x"u8));
        Assert.Equal("x", File.ReadAllText(path));
    }

    [Fact]
    public void A_target_that_cannot_be_replaced_leaves_no_temporary_file()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "taken")).FullName;
        Assert.ThrowsAny<SystemException>(() => AtomicFile.Write(folder, stream => stream.Write("x"u8)));
        Assert.Equal([folder], Directory.GetFileSystemEntries(_folder));
    }
}

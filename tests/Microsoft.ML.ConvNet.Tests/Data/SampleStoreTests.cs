using Microsoft.ML.ConvNet.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class SampleStoreTests
{
    [Theory]
    [InlineData(1, 100, 1 << 30, false)]
    [InlineData(1000, 10_000, 1 << 30, false)]
    [InlineData(1000, 10_000, 0, true)]
    [InlineData(1000, 10_000, 5_000_000, true)]
    [InlineData(5_000_000, 3, 1 << 30, false)]
    [InlineData(5_000_000, 3, 6_000_000, true)]
    public void Rows_come_back(int rowBytes, int rows, long memoryBytes, bool spills)
    {
        using var store = new SampleStore(rowBytes, memoryBytes);
        var row = new byte[rowBytes];
        for (var i = 0; i < rows; i++)
        {
            Fill(row, i);
            Assert.Equal(i, store.Add(row));
        }

        Assert.Equal(rows, store.Count);
        Assert.Equal(spills, store.HasSpilled);
        var expected = new byte[rowBytes];
        foreach (var i in Enumerable.Range(0, rows).Reverse())
        {
            Fill(expected, i);
            store.Read(i, row);
            Assert.True(expected.AsSpan().SequenceEqual(row), $"row {i}");
        }
    }

    [Fact]
    public void The_temporary_file_is_deleted()
    {
        // A length that no other test has, as tests run at once.
        var length = 100_000 + Random.Shared.Next(100_000);
        var store = new SampleStore(length, memoryBytes: 0);
        store.Add(new byte[length]);
        var file = Assert.Single(new DirectoryInfo(Path.GetTempPath()).GetFiles("convnet-*.cache"), f => f.Exists && f.Length == length).FullName;

        store.Dispose();

        Assert.False(File.Exists(file));
        store.Dispose();
    }

    [Theory]
    [InlineData(1 << 30)]
    [InlineData(100_000)]
    public void Many_threads_add_and_read(long memoryBytes)
    {
        const int threads = 4, rows = 2000, rowBytes = 3000;
        using var store = new SampleStore(rowBytes, memoryBytes);
        var indices = new int[threads * rows];

        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, t =>
        {
            var row = new byte[rowBytes];
            for (var i = 0; i < rows; i++)
            {
                Fill(row, (t * rows) + i);
                indices[(t * rows) + i] = store.Add(row);
            }
        });

        Assert.Equal(threads * rows, store.Count);
        Assert.Equal(Enumerable.Range(0, threads * rows), indices.Order());
        Parallel.For(0, threads, t =>
        {
            var (row, expected) = (new byte[rowBytes], new byte[rowBytes]);
            for (var i = t; i < indices.Length; i += threads)
            {
                Fill(expected, i);
                store.Read(indices[i], row);
                Assert.True(expected.AsSpan().SequenceEqual(row));
            }
        });
    }

    private static void Fill(byte[] row, int seed)
    {
        for (var i = 0; i < row.Length; i++)
            row[i] = (byte)((i * 31) + (seed * 7) + (seed >> 8));
    }
}

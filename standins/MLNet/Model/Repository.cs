// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: the archive of a model; streams within it can be sought.
using System.IO.Compression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal static class Repository
{
    /// <summary>A file that is gone when it is closed: models may be larger than an array.</summary>
    public static Stream TemporaryStream(IHostEnvironment env)
    {
        var folder = (env as IHostEnvironmentInternal)?.TempFilePath ?? Path.GetTempPath();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose };
        return new FileStream(Path.Combine(folder, $"ml_dotnet_{Path.GetRandomFileName()}"), options);
    }

    public static string PathOf(string directory, string name)
    {
        Contracts.CheckParam(!name.Contains("..", StringComparison.Ordinal), nameof(name), "Must be within the archive");
        return string.IsNullOrEmpty(directory) ? name : $"{directory}/{name}";
    }
}

internal sealed class RepositoryWriter(Stream stream, IHostEnvironment env) : IDisposable
{
    private readonly ZipArchive _archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
    private readonly HashSet<string> _entries = [];

    public IHostEnvironment Environment => env;

    /// <summary>An archive writes one entry at a time, and entries nest: each is written elsewhere first.</summary>
    public void Add(string path, Action<Stream> write)
    {
        using var content = Repository.TemporaryStream(env);
        write(content);
        Add(path, content);
    }

    public void Add(string path, Stream content)
    {
        if (!_entries.Add(path))
            throw new ArgumentOutOfRangeException(nameof(path), $"Duplicate entry: '{path}'");
        content.Position = 0;
        using var entry = _archive.CreateEntry(path).Open();
        content.CopyTo(entry);
    }

    public void Dispose() => _archive.Dispose();
}

internal sealed class RepositoryReader : IDisposable
{
    private readonly ZipArchive _archive;
    private readonly IHostEnvironment _env;

    public RepositoryReader(Stream stream, IHostEnvironment env)
    {
        _env = env;
        try
        {
            _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        }
        catch (InvalidDataException e)
        {
            throw new FormatException("Failed to open a zip archive", e);
        }
    }

    public Stream OpenOrNull(string path)
    {
        var entry = _archive.GetEntry(path) ?? _archive.GetEntry(path.Replace('/', '\\'));
        if (entry == null)
            return null;
        using var compressed = entry.Open();
        var content = Repository.TemporaryStream(_env);
        try
        {
            compressed.CopyTo(content);
        }
        catch (InvalidDataException e)
        {
            content.Dispose();
            throw new FormatException($"Corrupt model file: '{path}'", e);
        }
        content.Position = 0;
        return content;
    }

    public void Dispose() => _archive.Dispose();
}

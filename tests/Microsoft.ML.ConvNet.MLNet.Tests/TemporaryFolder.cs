namespace Microsoft.ML.ConvNet.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mlnet-tests-");

    public string FullName => _folder.FullName;

    public string PathOf(string name) => Path.Combine(FullName, name);

    public string Write(string name, byte[] contents)
    {
        File.WriteAllBytes(PathOf(name), contents);
        return name;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

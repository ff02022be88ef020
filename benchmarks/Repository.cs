namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>Where this repository lies: its scripts, and the folder artifacts, which git ignores.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, "benchmarks", "peers")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"Expected benchmarks/peers in a folder above {AppContext.BaseDirectory}; found none.");
    }
}

namespace Microsoft.ML.ConvNet.Samples.FashionMnist;

/// <summary>Where this repository lies.</summary>
public static class Repository
{
    /// <summary>The folder above the program that holds the solution; the current folder if there is none.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Microsoft.ML.ConvNet.sln")))
                return folder.FullName;
        }

        return Directory.GetCurrentDirectory();
    }
}

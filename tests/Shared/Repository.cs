namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Where this repository lies.</summary>
public static class Repository
{
    private const string SolutionFile = "Microsoft.ML.ConvNet.sln";

    /// <summary>The folder above the tests that holds the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, SolutionFile)))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"Expected {SolutionFile} in a folder above {AppContext.BaseDirectory}; found none.");
    }
}

namespace Microsoft.ML.ConvNet.Tests.Ops;

/// <summary>Every op and loss is compared with PyTorch in at least ten configurations, and no file of values lies unused.</summary>
public class PyTorchFilesTests
{
    private const int Fewest = 10;

    // Whole trainings, which are long rather than many.
    private static readonly string[] Trainings = ["network", "optimizers", .. PyTorchModels.Networks.Keys];

    private static readonly string[] Files =
        [.. Directory.GetFiles(PyTorchCases.Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_file_is_that_of_a_graph_or_a_training()
        => Assert.Equal([.. PyTorchGraph.Ops.Keys.Concat(Trainings).Order(StringComparer.Ordinal)], Files);

    [Fact]
    public void Every_op_and_loss_has_ten_cases()
    {
        // Of the functions of two numbers, and of the two hinge losses, each counts by itself.
        var few = Files.Except(Trainings)
            .SelectMany(file => PyTorchCases.Load(file).CountBy(c =>
                c.Attributes.TryGetProperty("kind", out var kind) || c.Attributes.TryGetProperty("worst", out kind) ? $"{file} {kind}" : file))
            .Where(count => count.Value < Fewest)
            .Select(count => $"{count.Key}: {count.Value}");
        Assert.Empty(few);
    }

    [Fact]
    public void The_cases_of_a_file_have_names_of_their_own()
        => Assert.Empty(Files.SelectMany(file => PyTorchCases.Load(file).CountBy(c => c.Name).Where(c => c.Value > 1).Select(c => $"{file}: {c.Key}")));

    [Fact]
    public void The_table_of_the_README_lists_every_file()
    {
        var rows = File.ReadLines(Path.Combine(PyTorchCases.Folder, "README.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal));
        var listed = rows.Skip(1).SelectMany(row => row.Split('|')[1].Split(',', StringSplitOptions.TrimEntries)).Order(StringComparer.Ordinal);
        Assert.Equal<string>(Files, listed);
    }
}

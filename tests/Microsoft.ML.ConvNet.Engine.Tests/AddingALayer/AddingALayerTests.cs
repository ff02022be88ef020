using System.Text.RegularExpressions;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet.Tests.AddingALayer;

/// <summary>docs/adding-a-layer.md shows the code of this folder and nothing else, and the code does what the page says.</summary>
public partial class AddingALayerTests
{
    [Fact]
    public void The_page_shows_exactly_the_code_that_is_compiled_here()
    {
        var root = Repository.Root;
        var page = File.ReadAllText(Path.Combine(root, "docs", "adding-a-layer.md"));
        var shown = CodeBlock().Matches(page).Select(m => m.Groups[1].Value.Trim()).ToArray();
        var folder = Path.Combine(root, "tests", "Microsoft.ML.ConvNet.Engine.Tests", "AddingALayer");
        var compiled = new[] { "SwishOp.cs", "SwishLayer.cs", "SwishCases.cs" }.Select(f => File.ReadAllText(Path.Combine(folder, f)).Trim()).ToArray();
        Assert.Equal(compiled, shown);
    }

    [Fact]
    public void The_layer_trains_and_is_saved()
    {
        OpRegistry.Register<SwishOp>();
        var network = Network.Input(1, Bars.Size, Bars.Size).Conv(4, 3).Swish(beta: 2).MaxPool(2).Dense(2);
        var options = new TrainerOptions { Epochs = 6, LearningRate = 1e-2f };
        var trained = new Trainer(new ReferenceBackend(), options).Fit(network, Bars.Make(200)).Network;

        using var file = new MemoryStream();
        ModelFile.Write(trained, file);
        file.Position = 0;
        var loaded = ModelFile.Read(file);
        Assert.Contains(loaded.Nodes, n => n.Op is SwishOp { Beta: 2 });

        using var evaluator = new Evaluator(loaded, Loss.SoftmaxCrossEntropy, new ReferenceBackend());
        Assert.True(evaluator.Evaluate(Bars.Make(100, seed: 2), loaded.Weights).Accuracy > 0.9);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}

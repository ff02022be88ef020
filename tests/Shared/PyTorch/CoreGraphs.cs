using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>The graphs of one family of ops with reference values.</summary>
public abstract class PyTorchOps
{
    /// <summary>For each file of tests/data/pytorch the function that makes the graph of a case.</summary>
    public abstract IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; }

    /// <summary>An op of the input x alone.</summary>
    protected static Action<PyTorchGraph> OfX(Func<PyTorchGraph, Op> op)
        => graph => graph.ExpectGradients(new Node(op(graph), [graph.Input("x")], "y"));

    /// <summary>An op of the input x, a weight, and a bias where the case has one.</summary>
    protected static Action<PyTorchGraph> OfWeight(Func<PyTorchGraph, Op> op) => graph =>
    {
        Node[] inputs = [graph.Input("x"), graph.Variable("weight"), .. graph.Case.Has("bias") ? [graph.Variable("bias")] : Array.Empty<Node>()];
        graph.ExpectGradients(new Node(op(graph), inputs, "y"));
    };
}

/// <summary>The ops of the first classifiers.</summary>
internal sealed class CoreGraphs : PyTorchOps
{
    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["conv2d"] = OfWeight(g => new ConvOp { Window = g.Window, Groups = g.Case.GetInt("groups") }),
        ["linear"] = OfWeight(_ => new MatMulOp { TransposeB = true }),
        ["batch_norm"] = BatchNorm,
        ["max_pool2d"] = OfX(g => new MaxPoolOp { Window = g.Window }),
        ["avg_pool2d"] = OfX(g => new AveragePoolOp { Window = g.Window, CountPadding = g.Case.GetBool("count_include_pad") }),
        ["relu"] = OfX(_ => new ReluOp()),
        ["leaky_relu"] = OfX(g => new LeakyReluOp { Slope = g.Case.GetFloat("slope") }),
        ["sigmoid"] = OfX(_ => new SigmoidOp()),
        ["tanh"] = OfX(_ => new TanhOp()),
        ["softmax"] = OfX(_ => new SoftmaxOp()),
        ["cross_entropy"] = g => OfLoss(g, Loss.SoftmaxCrossEntropy, g.Input("logits"), "targets"),
        ["mse_loss"] = g => OfLoss(g, Loss.MeanSquaredError, g.Input("x"), "target"),
    };

    private static void OfLoss(PyTorchGraph graph, Loss loss, Node output, string target)
        => graph.ExpectLoss(loss.Mean(output, graph.Input(target, loss.TargetShape(output))), output);

    private static void BatchNorm(PyTorchGraph graph)
    {
        var x = graph.Input("x");
        var (gamma, beta) = (graph.Variable("gamma"), graph.Variable("beta"));
        var running = graph.Feed(
            x.State([2, x.Shape.C], Initializer.Zeros, "running"), [.. graph.Case["running_mean"].Data, .. graph.Case["running_var"].Data]);
        var op = new BatchNormOp { Epsilon = graph.Case.GetFloat("eps"), Momentum = graph.Case.GetFloat("momentum") };
        graph.ExpectGradients(new Node(op, [x, gamma, beta, running], "y"), graph.Case.GetBool("training") ? Mode.Training : Mode.Inference);
    }
}

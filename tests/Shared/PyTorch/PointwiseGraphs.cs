using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Activation functions and functions of two numbers.</summary>
internal sealed class PointwiseGraphs : PyTorchOps
{
    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["elu"] = OfX(g => new EluOp { Alpha = g.Case.GetFloat("alpha") }),
        ["selu"] = OfX(_ => new SeluOp()),
        ["gelu"] = OfX(g => new GeluOp { Approximate = g.Case.GetBool("approximate") }),
        ["silu"] = OfX(_ => new SiluOp()),
        ["softplus"] = OfX(_ => new SoftplusOp()),
        ["hard_sigmoid"] = OfX(_ => new HardSigmoidOp()),
        ["clip"] = OfX(g => new ClipOp { Minimum = g.Case.GetFloat("minimum"), Maximum = g.Case.GetFloat("maximum") }),
        ["exp"] = OfX(_ => new ExpOp()),
        ["log"] = OfX(_ => new LogOp()),
        ["sqrt"] = OfX(_ => new SqrtOp()),
        ["absolute"] = OfX(_ => new AbsOp()),
        ["log_softmax"] = OfX(_ => new LogSoftmaxOp()),
        ["maxout"] = OfX(g => new MaxoutOp { Pieces = g.Case.GetInt("pieces") }),
        ["prelu"] = g => g.ExpectGradients(new Node(new PReluOp(), [g.Input("x"), g.Variable("slope")], "y")),
        ["binary"] = g => g.ExpectGradients(new Node(Binary(g.Case.GetText("kind")), [g.Input("x"), g.Input("other")], "y")),
    };

    private static BinaryOp Binary(string kind) => kind switch
    {
        "add" => new AddOp(),
        "subtract" => new SubtractOp(),
        "multiply" => new MultiplyOp(),
        "divide" => new DivideOp(),
        "maximum" => new MaximumOp(),
        "minimum" => new MinimumOp(),
        _ => throw new ArgumentException($"There is no function '{kind}'."),
    };
}

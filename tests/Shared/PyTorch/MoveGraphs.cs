using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Ops that only move, repeat or add up numbers.</summary>
internal sealed class MoveGraphs : PyTorchOps
{
    private static readonly string[] Parts = ["x", "second", "third"];

    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["concat"] = g => g.ExpectGradients(
            new Node(new ConcatOp { Axis = g.Case.GetInt("axis") }, [.. Parts.Where(g.Case.Has).Select(name => g.Input(name))], "y")),
        ["slice"] = OfLayer((c, x) => x.Slice(c.GetInt("axis"), c.GetInt("start"), c.GetInt("length"))),
        ["crop"] = OfLayer((c, x) => x.Crop((c.GetInt("height"), c.GetInt("width")))),
        ["split"] = OfLayer((c, x) => x.Split(c.GetInt("parts"), c.GetInt("axis"))[c.GetInt("index")]),
        ["pad"] = OfX(g => new PadOp
        {
            Axis = g.Case.GetInt("axis"),
            Before = g.Case.GetInt("before"),
            After = g.Case.GetInt("after"),
            Mode = Enum.Parse<PaddingMode>(g.Case.GetText("mode"), ignoreCase: true),
        }),
        ["reshape"] = OfLayer((c, x) => x.Reshape(new Shape(c.GetInts("shape")))),
        ["flatten"] = OfLayer((_, x) => x.Flatten()),
        ["reduce"] = OfX(g => new ReduceOp
        {
            Shape = new Shape(g.Case.GetInts("shape")),
            Batched = g.Case.GetBool("batched"),
            Mean = g.Case.GetBool("mean"),
        }),
        ["broadcast"] = OfX(g => new BroadcastOp { Shape = new Shape(g.Case.GetInts("shape")), Batched = true }),
        ["global_average_pool"] = OfLayer((_, x) => x.GlobalAveragePool()),
        ["affine"] = OfX(g => new AffineOp { Factor = g.Case.GetFloat("factor"), Offset = g.Case.GetFloat("offset") }),
        ["power"] = OfX(g => new PowerOp { Exponent = g.Case.GetFloat("exponent") }),
        ["one_hot"] = g => g.Expect("y", new Node(new OneHotOp { Classes = g.Case.GetInt("classes") }, [g.Input("x")]), g.Case["y"].Data),
        ["dropout"] = g => g.ExpectGradients(
            Dropout(g.Case, g.Input("x")), g.Case.GetBool("training") ? Mode.Training : Mode.Inference),
    };

    private static Node Dropout(PyTorchCase values, Node x)
        => values.GetBool("whole_channels") ? x.SpatialDropout(values.GetFloat("rate")) : x.Dropout(values.GetFloat("rate"));

    private static Action<PyTorchGraph> OfLayer(Func<PyTorchCase, Node, Node> layer)
        => graph => graph.ExpectGradients(layer(graph.Case, graph.Input("x")));
}

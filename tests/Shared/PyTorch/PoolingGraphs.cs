using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Pooling in one to three dimensions, unpooling, resizing and upsampling.</summary>
internal sealed class PoolingGraphs : PyTorchOps
{
    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["max_pool"] = OfX(g => new MaxPoolOp { Window = Window(g), CeilMode = g.Case.GetBool("ceil_mode") }),
        ["avg_pool"] = OfX(g => new AveragePoolOp
        {
            Window = Window(g),
            CeilMode = g.Case.GetBool("ceil_mode"),
            CountPadding = g.Case.GetBool("count_include_pad"),
        }),
        ["lp_pool"] = OfX(g => new LpPoolOp { Window = Window(g), Power = g.Case.GetFloat("power") }),
        ["adaptive_avg_pool"] = OfX(g => new AdaptiveAveragePoolOp { Size = new Shape(g.Case.GetInts("size")) }),
        ["resize"] = OfX(g => new ResizeOp
        {
            Size = new Shape(g.Case.GetInts("size")),
            Mode = g.Case.GetText("mode") == "nearest" ? ResizeMode.Nearest : ResizeMode.Linear,
            AlignCorners = g.Case.GetBool("align_corners"),
        }),
        ["bed_of_nails"] = OfX(g => new BedOfNailsOp { Factors = new Shape(g.Case.GetInts("factors")) }),
        ["max_unpool"] = g => g.ExpectGradients(
            g.Input("x").MaxUnpool(new Node(new MaxPoolOp { Window = Window(g) }, [g.Input("image")], "pooled"))),
        ["pixel_shuffle"] = g => g.ExpectGradients(
            g.Case.GetBool("inverse") ? g.Input("x").PixelUnshuffle(g.Case.GetInt("factor")) : g.Input("x").PixelShuffle(g.Case.GetInt("factor"))),
    };

    /// <summary>A window of one to three axes.</summary>
    private static Window Window(PyTorchGraph graph)
    {
        var (kernel, stride, padding) = (graph.Case.GetInts("kernel"), graph.Case.GetInts("stride"), graph.Case.GetInts("padding"));
        var dilation = graph.Case.Attributes.TryGetProperty("dilation", out _) ? graph.Case.GetInts("dilation") : [1, 1, 1];
        return new Window(Axis(3), Axis(2), Axis(1));

        WindowAxis Axis(int fromTheEnd)
        {
            var i = kernel.Length - fromTheEnd;
            return i < 0 ? new WindowAxis(1) : new WindowAxis(kernel[i], stride[i], padding[i], padding[i], dilation[i]);
        }
    }
}

using System.Text.Json;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>The layers of the convolution family; their parameters are fed under their own names, such as conv.weight.</summary>
internal sealed class ConvolutionGraphs : PyTorchOps
{
    private const string Name = "conv";

    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["conv1d"] = OfLayer(Conv),
        ["conv3d"] = OfLayer(Conv),
        ["conv_padding"] = OfLayer(Conv),
        ["conv_padding_mode"] = OfLayer(Conv),
        ["conv_transpose1d"] = OfLayer(ConvTranspose),
        ["conv_transpose2d"] = OfLayer(ConvTranspose),
        ["conv_transpose3d"] = OfLayer(ConvTranspose),
        ["depthwise_conv"] = OfLayer((c, x) => x.DepthwiseConv(
            c.Image("kernel"), c.Int("multiplier"), c.Image("stride"), c.Padding, PaddingMode.Zeros, c.Image("dilation"), c.Bias, name: Name)),
        ["separable_conv"] = OfLayer((c, x) => x.SeparableConv(
            c.Filters, c.Image("kernel"), c.Int("multiplier"), c.Image("stride"), c.Padding, PaddingMode.Zeros, c.Image("dilation"), c.Bias, name: Name)),
        ["tiled_conv"] = OfLayer((c, x) => c.Axes == 1
            ? x.TiledConv1D(c.Filters, c.Line("kernel"), c.Line("tiles"), c.Line("stride"), c.Padding, PaddingMode.Zeros, c.Line("dilation"), c.Bias, name: Name)
            : x.TiledConv(c.Filters, c.Image("kernel"), c.Image("tiles"), c.Image("stride"), c.Padding, PaddingMode.Zeros, c.Image("dilation"), c.Bias, name: Name)),
        ["locally_connected"] = OfLayer((c, x) => c.Axes == 1
            ? x.LocallyConnected1D(c.Filters, c.Line("kernel"), c.Line("stride"), c.Padding, PaddingMode.Zeros, c.Line("dilation"), c.Bias, name: Name)
            : x.LocallyConnected(c.Filters, c.Image("kernel"), c.Image("stride"), c.Padding, PaddingMode.Zeros, c.Image("dilation"), c.Bias, name: Name)),
    };

    private static Action<PyTorchGraph> OfLayer(Func<Attributes, Node, Node> layer) => graph =>
    {
        var y = layer(new Attributes(graph.Case), graph.Input("x"));
        foreach (var variable in new Network(y).Layout.Variables)
            graph.Feed(variable.Node, graph.Case[variable.Node.Name].Data);
        graph.ExpectGradients(y);
    };

    private static Node Conv(Attributes c, Node x) => c.Axes switch
    {
        1 => x.Conv1D(c.Filters, c.Line("kernel"), c.Line("stride"), c.Padding, c.Mode, c.Line("dilation"), c.Groups, c.Bias, name: Name),
        2 => x.Conv(c.Filters, c.Image("kernel"), c.Image("stride"), c.Padding, c.Mode, c.Image("dilation"), c.Groups, c.Bias, name: Name),
        _ => x.Conv3D(c.Filters, c.Volume("kernel"), c.Volume("stride"), c.Padding, c.Mode, c.Volume("dilation"), c.Groups, c.Bias, name: Name),
    };

    private static Node ConvTranspose(Attributes c, Node x) => c.Axes switch
    {
        1 => x.ConvTranspose1D(c.Filters, c.Line("kernel"), c.Line("stride"), c.Padding, c.Line("output_padding"), c.Line("dilation"), c.Groups, c.Bias, name: Name),
        2 => x.ConvTranspose(c.Filters, c.Image("kernel"), c.Image("stride"), c.Padding, c.Image("output_padding"), c.Image("dilation"), c.Groups, c.Bias, name: Name),
        _ => x.ConvTranspose3D(c.Filters, c.Volume("kernel"), c.Volume("stride"), c.Padding, c.Volume("output_padding"), c.Volume("dilation"), c.Groups, c.Bias, name: Name),
    };

    private sealed record Attributes(PyTorchCase Case)
    {
        public int Axes => Case.GetInts("kernel").Length;

        public int Filters => Int("filters");

        public int Groups => Int("groups");

        public bool Bias => Case.GetBool("bias");

        public PaddingMode Mode => Enum.Parse<PaddingMode>(Case.GetText("mode"), ignoreCase: true);

        public Padding Padding
        {
            get
            {
                if (Case.Attributes.GetProperty("padding").ValueKind != JsonValueKind.String)
                    return Axes switch { 1 => Line("padding"), 2 => Image("padding"), _ => Volume("padding") };
                return Case.GetText("padding") switch
                {
                    "same" => Padding.Same,
                    "causal" => Padding.Causal,
                    "valid" => Padding.Valid,
                    var rule => throw new InvalidDataException($"Case '{Case.Name}' has the padding '{rule}'."),
                };
            }
        }

        public int Int(string attribute) => Case.GetInt(attribute);

        public int Line(string attribute) => Case.GetInts(attribute)[0];

        public Size Image(string attribute) => (Case.GetInts(attribute)[0], Case.GetInts(attribute)[1]);

        public Volume Volume(string attribute) => (Case.GetInts(attribute)[0], Case.GetInts(attribute)[1], Case.GetInts(attribute)[2]);
    }
}

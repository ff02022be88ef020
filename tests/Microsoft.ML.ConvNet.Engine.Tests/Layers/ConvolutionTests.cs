using Microsoft.ML.ConvNet.Ops;
using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet.Tests.Layers;

/// <summary>Shapes, defaults and errors of the layers of the convolution family.</summary>
public class ConvolutionTests
{
    private static Node Sequence(int channels, int width) => Network.Input([channels, width], "sound");

    private static Node Image(int channels, int height, int width) => Network.Input(channels, height, width, "image");

    private static Node Scan(int channels, int depth, int height, int width) => Network.Input([channels, depth, height, width], "scan");

    [Fact]
    public void Convolutions_in_one_and_three_dimensions()
    {
        Assert.Equal([8, 5], Sequence(3, 13).Conv1D(8, 3, stride: 2, dilation: 2).Shape);
        Assert.Equal([8, 3, 5, 7], Scan(2, 5, 7, 9).Conv3D(8, 3).Shape);
        Assert.Equal([8, 5, 4, 3], Scan(2, 5, 7, 9).Conv3D(8, (1, 3, 3), stride: (1, 2, 3), padding: (0, 1, 0)).Shape);
        var conv = Scan(2, 5, 7, 9).Conv3D(8, 3, groups: 2);
        Assert.Equal(["conv1", "conv1.weight", "conv1.bias"], new[] { conv.Name, conv.Inputs[1].Name, conv.Inputs[2].Name });
        Assert.Equal([8, 1, 3, 3, 3], conv.Inputs[1].Shape);
        Assert.Equal(8 * 3 * 5 * 7 * 27, conv.MultiplyAdds);
    }

    [Theory]
    [InlineData(7, 3, 1, 1, 7, 1, 1)]
    [InlineData(7, 2, 1, 1, 7, 0, 1)]
    [InlineData(7, 3, 2, 1, 4, 1, 1)]
    [InlineData(8, 3, 2, 1, 4, 0, 1)]
    [InlineData(8, 5, 3, 1, 3, 1, 2)]
    [InlineData(9, 3, 1, 3, 9, 3, 3)]
    [InlineData(9, 1, 4, 1, 3, 0, 0)]
    public void Same_padding_gives_the_input_over_the_stride(int input, int kernel, int stride, int dilation, int output, int before, int after)
    {
        var conv = Sequence(1, input).Conv1D(1, kernel, stride, Padding.Same, dilation: dilation);
        Assert.Equal([1, output], conv.Shape);
        Assert.Equal(new WindowAxis(kernel, stride, before, after, dilation), ((ConvOp)conv.Op).Window.Width);
    }

    [Fact]
    public void Padding_goes_by_rules_and_by_numbers()
    {
        Assert.Equal([4, 4, 3], Image(1, 8, 5).Conv(4, 3, stride: 2, padding: Padding.Same).Shape);
        Assert.Equal([4, 3, 2, 1], Scan(1, 5, 4, 2).Conv3D(4, 3, stride: 2, padding: Padding.Same).Shape);
        Assert.Equal([4, 6, 3], Image(1, 8, 5).Conv(4, 3, padding: Padding.Valid).Shape);
        Assert.Equal([4, 8, 9], Image(1, 8, 5).Conv(4, 3, padding: (1, 3)).Shape);
        Assert.Equal([4, 7, 6], Image(1, 8, 5).Conv(4, 3, padding: Padding.Sides((1, 1), (0, 2))).Shape);
        Assert.Equal([4, 9], Sequence(1, 5).Conv1D(4, 3, padding: 3).Shape);
        Assert.Equal([4, 5], Sequence(1, 5).Conv1D(4, 3, padding: Padding.Sides(0, 2)).Shape);
        var causal = Sequence(1, 9).Conv1D(4, 3, padding: Padding.Causal, dilation: 4);
        Assert.Equal([4, 9], causal.Shape);
        Assert.Equal(new WindowAxis(3, 1, 8, 0, 4), ((ConvOp)causal.Op).Window.Width);
    }

    [Fact]
    public void Other_padding_than_zeros_stands_before_the_convolution()
    {
        var conv = Image(2, 8, 5).Conv(4, 3, padding: 1, paddingMode: PaddingMode.Reflect);
        Assert.Equal([4, 8, 5], conv.Shape);
        Assert.Equal(new Window(new WindowAxis(3), new WindowAxis(3)), ((ConvOp)conv.Op).Window);
        Assert.Equal(["conv1.padWidth", "conv1.padHeight", "image"], new[] { conv.Inputs[0].Name, conv.Inputs[0].Inputs[0].Name, conv.Inputs[0].Inputs[0].Inputs[0].Name });
        Assert.Equal(new PadOp { Axis = 2, Before = 1, After = 1, Mode = PaddingMode.Reflect }, conv.Inputs[0].Op);
        var x = Image(2, 8, 5);
        Assert.Same(x, x.Conv(4, 3, paddingMode: PaddingMode.Circular).Inputs[0]);
    }

    [Theory]
    [InlineData(4, 3, 1, 0, 0, 1, 6)]
    [InlineData(4, 3, 2, 1, 0, 1, 7)]
    [InlineData(4, 3, 2, 1, 1, 1, 8)]
    [InlineData(4, 2, 3, 0, 2, 1, 13)]
    [InlineData(4, 3, 2, 0, 0, 3, 13)]
    public void Transposed_convolutions_go_back(int input, int kernel, int stride, int padding, int outputPadding, int dilation, int output)
    {
        var y = Image(3, input, input).ConvTranspose(5, kernel, stride, padding, outputPadding, dilation);
        Assert.Equal([5, output, output], y.Shape);
        Assert.Equal([3, 5, kernel, kernel], y.Inputs[1].Shape);
        Assert.Equal([5, output], Sequence(3, input).ConvTranspose1D(5, kernel, stride, padding, outputPadding, dilation).Shape);
        Assert.Equal([5, output, output, output], Scan(3, input, input, input).ConvTranspose3D(5, kernel, stride, padding, outputPadding, dilation).Shape);
        Assert.Equal([3, input, input], y.Conv(3, kernel, stride, padding, dilation: dilation).Shape);
        Assert.Equal(3 * 5 * input * input * kernel * kernel, y.MultiplyAdds);
    }

    [Theory]
    [InlineData(4, 3, 2, 8)]
    [InlineData(4, 4, 2, 8)]
    [InlineData(5, 2, 3, 15)]
    [InlineData(5, 3, 1, 5)]
    public void Same_padding_of_a_transposed_convolution_multiplies_by_the_stride(int input, int kernel, int stride, int output)
        => Assert.Equal([5, output], Sequence(3, input).ConvTranspose1D(5, kernel, stride, Padding.Same).Shape);

    [Fact]
    public void Depthwise_and_separable_convolutions()
    {
        var depthwise = Image(3, 8, 5).DepthwiseConv(3, multiplier: 2, padding: 1);
        Assert.Equal([6, 8, 5], depthwise.Shape);
        Assert.Equal([6, 1, 3, 3], depthwise.Inputs[1].Shape);
        Assert.Equal("depthwiseConv1", depthwise.Name);
        var separable = Image(3, 8, 5).SeparableConv(7, 3, multiplier: 2, stride: 2, padding: Padding.Same);
        Assert.Equal([7, 4, 3], separable.Shape);
        Assert.Equal((3 * 2 * 9) + (6 * 7) + 7, new Network(separable).ParameterCount);
        Assert.Equal(["separableConv1", "separableConv1.depthwise"], new[] { separable.Name, separable.Inputs[0].Name });
    }

    [Fact]
    public void Unshared_and_tiled_convolutions()
    {
        var unshared = Image(3, 8, 5).LocallyConnected(4, 3, stride: 2, padding: 1);
        Assert.Equal([4, 4, 3], unshared.Shape);
        Assert.Equal((12 * 4 * 27) + (4 * 4 * 3), new Network(unshared).ParameterCount);
        var tiled = Image(3, 8, 5).TiledConv(4, 3, tiles: 2);
        Assert.Equal([4, 6, 3], tiled.Shape);
        Assert.Equal((4 * 4 * 27) + 4, new Network(tiled).ParameterCount);
        Assert.Equal([16, 3, 3, 3], tiled.Inputs[1].Shape);
        Assert.Equal(4 * 6 * 3 * 27, tiled.MultiplyAdds);
        Assert.Equal([4, 11], Sequence(3, 11).TiledConv1D(4, 3, tiles: 3, padding: Padding.Causal).Shape);
        Assert.Equal([4, 9], Sequence(3, 11).LocallyConnected1D(4, 3).Shape);
    }

    [Fact]
    public void Filters_start_with_the_variance_of_what_an_output_sees()
    {
        // He: 2 over the inputs of an output, whatever the layout of the weight.
        AssertVariance(2.0 / (16 * 9), Image(16, 8, 8).Conv(32, 3));
        AssertVariance(2.0 / (16 * 9), Image(16, 8, 8).ConvTranspose(32, 3));
        AssertVariance(2.0 / (8 * 9), Image(16, 8, 8).ConvTranspose(32, 3, groups: 2));
        AssertVariance(2.0 / (16 * 9), Image(16, 8, 8).LocallyConnected(32, 3));
        AssertVariance(2.0 / (16 * 9), Image(16, 8, 8).TiledConv(32, 3, tiles: 3));
        AssertVariance(2.0 / ((16 + 32) * 9), Image(16, 8, 8).LocallyConnected(32, 3, initializer: Initializer.Xavier));

        static void AssertVariance(double expected, Network network)
        {
            network.Initialize(3);
            var values = network.Values(network.Layout.Variables.Single(v => v.Node.Name.EndsWith("weight", StringComparison.Ordinal)).Node.Name).ToArray();
            Assert.InRange(values.Average(v => (double)v * v) / expected, 0.9, 1.1);
        }
    }

    [Fact]
    public void A_model_file_keeps_every_layer_of_the_family()
    {
        var x = Image(2, 8, 8);
        Network network = x.Conv(4, 3, padding: Padding.Same, paddingMode: PaddingMode.Replicate).ConvTranspose(3, 3, stride: 2, padding: 1, outputPadding: 1)
            .TiledConv(2, 3, tiles: (2, 3)).LocallyConnected(2, 3, stride: 3).DepthwiseConv(3, multiplier: 2).SeparableConv(3, 2)
            .Reshape([3, 1, 1, 1]).Conv3D(2, 1).Flatten();
        network.Initialize(1);
        var stream = new MemoryStream();
        ModelFile.Write(network, stream);
        stream.Position = 0;
        var loaded = ModelFile.Read(stream);
        Assert.Equal(network.Nodes.Select(n => n.Op).Where(o => o is not VariableOp), loaded.Nodes.Select(n => n.Op).Where(o => o is not VariableOp));
        Assert.Equal(network.Weights, loaded.Weights);
    }

    [Fact]
    public void Errors_of_windows()
    {
        Throws("Conv 'conv1' (3×3, 4 filters, 2 input channels) received 'sound': 2×9: the window has more axes than the 1 of the input.", () => Sequence(2, 9).Conv(4, 3));
        Throws("Conv 'conv1' (3×3×3, 4 filters, 2 input channels) received 'image': 2×9×9: the window has more axes than the 2 of the input.", () => Image(2, 9, 9).Conv3D(4, 3));
        Throws("Conv 'conv1' (5, 4 filters, 2 input channels) received 'sound': 2×4: the output would be 4×0.", () => Sequence(2, 4).Conv1D(4, 5));
        Throws("Conv 'conv1' (5×3×3, 4 filters, 2 input channels) received 'scan': 2×4×6×8: the output would be 4×0×4×6.", () => Scan(2, 4, 6, 8).Conv3D(4, (5, 3, 3)));
        Throws("Conv 'conv1' (3×3, stride 0, 4 filters, 2 input channels) received 'image': 2×9×9: size, stride and dilation must be at least 1; along the height they are 3, 0 and 1.",
            () => Image(2, 9, 9).Conv(4, 3, stride: 0, padding: Padding.Same));
    }

    [Fact]
    public void Errors_of_padding()
    {
        Throws("Pad 'conv1.padHeight' (axis 1, 3+3 reflect) received 'image': 2×3×9: a reflection has at most 3 − 1 = 2 elements, not 3.",
            () => Image(2, 3, 9).Conv(4, 3, padding: 3, paddingMode: PaddingMode.Reflect));
        Throws("Pad 'conv1.padWidth' (axis 1, 4+4 circular) received 'sound': 2×3: a ring of 3 elements gives at most 3, not 4.",
            () => Sequence(2, 3).Conv1D(4, 3, padding: 4, paddingMode: PaddingMode.Circular));
        Throws("Conv 'conv1' (3×3, padding 2+0 2+0, 4 filters, 2 input channels) received 'image': 2×9×9: causal padding is for one axis; it has 2.",
            () => Image(2, 9, 9).Conv(4, 3, padding: Padding.Causal));
        Throws("Conv 'conv1' (3, padding 2, 4 filters, 2 input channels) received 'sound': 2×9: its padding is given for 2 axes; it has 1.",
            () => Sequence(2, 9).Conv1D(4, 3, padding: (1, 2)));
    }

    [Fact]
    public void Errors_of_transposed_convolutions()
    {
        Throws("ConvTranspose 'convTranspose1' (3×3, stride 2, 4 filters, 2 input channels) received 'image': 2×5×5: the output padding must be at least 0 and below the stride; along the height it is 2, and the stride 2.",
            () => Image(2, 5, 5).ConvTranspose(4, 3, stride: 2, outputPadding: 2));
        Throws("ConvTranspose 'convTranspose1' (3×3, padding 2, 4 filters, 2 input channels) received 'image': 2×2×3: the output would be 4×0×1.",
            () => Image(2, 2, 3).ConvTranspose(4, 3, padding: 2));
        Throws("ConvTranspose 'convTranspose1' (3×3, 4 filters, 3 input channels, 2 groups) received 'image': 3×5×5: 2 groups do not divide 3 channels and 4 filters.",
            () => Image(3, 5, 5).ConvTranspose(4, 3, groups: 2));
        Throws("ConvTranspose 'convTranspose1' (3×3, 0 filters, 3 input channels) received 'image': 3×5×5: it needs at least 1 filter, not 0.",
            () => Image(3, 5, 5).ConvTranspose(0, 3));
        Throws("ConvTranspose 'convTranspose1' (3×3, 4 filters, 10 input channels) received 'vector': 10: it takes channels and one to three spatial axes, such as C×H×W.",
            () => Network.Input([10], "vector").ConvTranspose(4, 3));
        Throws("ConvTranspose 'convTranspose1' (3×3, stride 2, 4 filters, 2 input channels) received 'image': 2×5×5: the padding that keeps the size leaves no choice of an output padding.",
            () => Image(2, 5, 5).ConvTranspose(4, 3, stride: 2, padding: Padding.Same, outputPadding: 1));
    }

    [Fact]
    public void Errors_of_tiles()
    {
        Throws("TiledConv 'tiledConv1' (3×3, 4 filters, 2 input channels, 4×1 tiles) received 'image': 2×5×5: there are 4×1 tiles for 3×3 places.",
            () => Image(2, 5, 5).TiledConv(4, 3, tiles: (4, 1)));
        Throws("TiledConv 'tiledConv1' (3, 4 filters, 2 input channels, 0 tiles) received 'sound': 2×5: it needs at least 1×1 tiles, not 1×0.",
            () => Sequence(2, 5).TiledConv1D(4, 3, tiles: 0));
        Throws("TiledConv 'locallyConnected1' (3×3, 0 filters, 2 input channels, 1×1 tile) received 'image': 2×5×5: it needs at least 1 filter, not 0.",
            () => Image(2, 5, 5).LocallyConnected(0, 3));
        Throws("TiledConv 'tiledConv1' (1×3×3, 4 filters, 2 input channels, 1×1 tile) received 'scan': 2×5×5×5: it takes one or two spatial axes.",
            () => Scan(2, 5, 5, 5).TiledConv(4, 3, tiles: 1));
    }

    private static void Throws(string message, Func<object> build) => Assert.Equal(message, Assert.Throws<ShapeException>(build).Message);
}

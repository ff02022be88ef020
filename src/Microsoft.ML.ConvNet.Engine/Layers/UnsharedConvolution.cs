using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Layers with the reach of a convolution whose filters are not, or not everywhere, the same.</summary>
public static class UnsharedConvolution
{
    /// <summary>
    /// A locally connected layer, or unshared convolution (LeCun 1989; Goodfellow, Bengio &amp; Courville, Deep Learning, equation
    /// 9.9), of a C×H×W image: each place has filters of its own. Output: filters×H′×W′ as in <see cref="Convolution.Conv"/>.
    /// It has H′·W′ times the parameters of a convolution; where it is too many, <see cref="TiledConv"/> lies between.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The number of filters at each place, which become the channels of the output.</param>
    /// <param name="kernel">The height and width of a filter.</param>
    /// <param name="stride">The step between two places; 1 by default.</param>
    /// <param name="padding">Elements on each side, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="bias">Whether a trained number is added to each element of the output, one for each place as in Keras.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; locallyConnected1, locallyConnected2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the kernel.</exception>
    public static Node LocallyConnected(
        this Node x, int filters, Size kernel, Size? stride = null, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        Size? dilation = null, bool bias = true, Initializer? initializer = null, string? name = null)
        => Unshared(x, filters, SlidingWindow.OverImage(kernel, stride, padding, paddingMode, dilation), bias, initializer, name);

    /// <summary>
    /// A locally connected layer of a C×W sequence: each place has filters of its own. Output: filters×W′ as in
    /// <see cref="Convolution.Conv1D"/>.
    /// </summary>
    /// <param name="x">The sequence, C×W.</param>
    /// <param name="filters">The number of filters at each place, which become the channels of the output.</param>
    /// <param name="kernel">The length of a filter.</param>
    /// <param name="stride">The step between two places.</param>
    /// <param name="padding">Elements on each side, <see cref="Padding.Same"/> or <see cref="Padding.Causal"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter.</param>
    /// <param name="bias">Whether a trained number is added to each element of the output, one for each place as in Keras.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; locallyConnected1, locallyConnected2 … by default.</param>
    /// <exception cref="ShapeException">The sequence is shorter than the kernel.</exception>
    public static Node LocallyConnected1D(
        this Node x, int filters, int kernel, int stride = 1, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        int dilation = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Unshared(x, filters, SlidingWindow.OverSequence(kernel, stride, padding, paddingMode, dilation), bias, initializer, name);

    /// <summary>
    /// A tiled convolution (Le et al. 2010; Goodfellow, Bengio &amp; Courville, Deep Learning, equation 9.10) of a C×H×W image:
    /// tiles.Height×tiles.Width sets of filters take turns from place to place, so that neighbours have different filters and
    /// places a whole number of tiles apart share them. Output: filters×H′×W′ as in <see cref="Convolution.Conv"/>.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The number of filters of each set, which become the channels of the output.</param>
    /// <param name="kernel">The height and width of a filter.</param>
    /// <param name="tiles">The number of sets along height and width, at most H′ and W′; 1 makes a convolution.</param>
    /// <param name="stride">The step between two places; 1 by default.</param>
    /// <param name="padding">Elements on each side, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="bias">Whether a trained number is added to each channel of the output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; tiledConv1, tiledConv2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the kernel, or there are more tiles than places.</exception>
    public static Node TiledConv(
        this Node x, int filters, Size kernel, Size tiles, Size? stride = null, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        Size? dilation = null, bool bias = true, Initializer? initializer = null, string? name = null)
        => Tiled(x, filters, SlidingWindow.OverImage(kernel, stride, padding, paddingMode, dilation), tiles, bias, initializer, name);

    /// <summary>
    /// A tiled convolution of a C×W sequence: sets of filters take turns from place to place. Output: filters×W′ as in
    /// <see cref="Convolution.Conv1D"/>.
    /// </summary>
    /// <param name="x">The sequence, C×W.</param>
    /// <param name="filters">The number of filters of each set, which become the channels of the output.</param>
    /// <param name="kernel">The length of a filter.</param>
    /// <param name="tiles">The number of sets, at most W′; 1 makes a convolution.</param>
    /// <param name="stride">The step between two places.</param>
    /// <param name="padding">Elements on each side, <see cref="Padding.Same"/> or <see cref="Padding.Causal"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter.</param>
    /// <param name="bias">Whether a trained number is added to each channel of the output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; tiledConv1, tiledConv2 … by default.</param>
    /// <exception cref="ShapeException">The sequence is shorter than the kernel, or there are more tiles than places.</exception>
    public static Node TiledConv1D(
        this Node x, int filters, int kernel, int tiles, int stride = 1, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        int dilation = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Tiled(x, filters, SlidingWindow.OverSequence(kernel, stride, padding, paddingMode, dilation), (1, tiles), bias, initializer, name);

    private static Node Tiled(Node x, int filters, SlidingWindow sliding, Size tiles, bool bias, Initializer? initializer, string? name)
    {
        name ??= x.Scope.Next("tiledConv");
        CheckedShape(x, filters, sliding, tiles, name);
        var inputs = Inputs(x, filters, sliding, tiles, initializer, name, out var op);
        return bias
            ? new Node(op, [.. inputs, x.Variable([filters], Initializer.Zeros, $"{name}.bias")], name)
            : new Node(op, inputs, name);
    }

    private static Node Unshared(Node x, int filters, SlidingWindow sliding, bool bias, Initializer? initializer, string? name)
    {
        name ??= x.Scope.Next("locallyConnected");
        var y = CheckedShape(x, filters, sliding, tiles: 1, name);
        var inputs = Inputs(x, filters, sliding, (y.H, y.W), initializer, name, out var op);
        return bias
            ? new Node(op, inputs, $"{name}.products").Add(x.Variable(y, Initializer.Zeros, $"{name}.bias"), name)
            : new Node(op, inputs, name);
    }

    /// <summary>The padded input and the weight of a layer whose attributes have been checked.</summary>
    private static Node[] Inputs(Node x, int filters, SlidingWindow sliding, Size tiles, Initializer? initializer, string name, out TiledConvOp op)
    {
        var (padded, window) = sliding.Pad(x, name);
        op = new TiledConvOp { Window = window, Tiles = tiles };
        var fans = new ConvOp { Window = window }.WeightShape(x.Shape, filters);
        return [padded, x.Variable(op.WeightShape(x.Shape, filters), (initializer ?? Initializer.He).WithFansOf(fans), $"{name}.weight")];
    }

    /// <summary>Checks the attributes, from which the shape of the weight follows, and gives the shape of the output.</summary>
    private static Shape CheckedShape(Node x, int filters, SlidingWindow sliding, Size tiles, string name)
    {
        var op = new TiledConvOp { Window = sliding.On(x.Shape), Tiles = tiles };
        var inputs = new OpInputs(op, name, [x]) { Attributes = op.Describe(x.Shape, filters) };
        if (filters < 1)
            throw inputs.Error($"it needs at least 1 filter, not {filters}");
        sliding.Check(inputs);
        return op.InferOutput(inputs, x.Shape, filters);
    }
}

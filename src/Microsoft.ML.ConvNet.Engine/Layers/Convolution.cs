using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Convolution layers with shared filters.</summary>
public static class Convolution
{
    /// <summary>
    /// A convolution of a C×H×W image with trained filters: output filters×H′×W′, where
    /// H′ = ⌊(H + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1 and W′ likewise (Dumoulin &amp; Visin 2016).
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The number of filters, which become the channels of the output.</param>
    /// <param name="kernel">The height and width of a filter.</param>
    /// <param name="stride">The step between two places; 1 by default.</param>
    /// <param name="padding">Elements on each side, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="groups">The number of groups; C groups make a depthwise convolution.</param>
    /// <param name="bias">Whether a trained number is added to each filter's output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; conv1, conv2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the kernel, or the groups do not divide the channels.</exception>
    public static Node Conv(
        this Node x, int filters, Size kernel, Size? stride = null, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        Size? dilation = null, int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Layer(x, filters, SlidingWindow.OverImage(kernel, stride, padding, paddingMode, dilation), groups, bias, initializer, name ?? x.Scope.Next("conv"));

    /// <summary>
    /// A convolution of a C×W sequence, such as sound or text, with trained filters: output filters×W′, where
    /// W′ = ⌊(W + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1.
    /// </summary>
    /// <param name="x">The sequence, C×W.</param>
    /// <param name="filters">The number of filters, which become the channels of the output.</param>
    /// <param name="kernel">The length of a filter.</param>
    /// <param name="stride">The step between two places.</param>
    /// <param name="padding">Elements on each side, <see cref="Padding.Same"/> or <see cref="Padding.Causal"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter.</param>
    /// <param name="groups">The number of groups; C groups make a depthwise convolution.</param>
    /// <param name="bias">Whether a trained number is added to each filter's output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; conv1, conv2 … by default.</param>
    /// <exception cref="ShapeException">The sequence is shorter than the kernel, or the groups do not divide the channels.</exception>
    public static Node Conv1D(
        this Node x, int filters, int kernel, int stride = 1, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        int dilation = 1, int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Layer(x, filters, SlidingWindow.OverSequence(kernel, stride, padding, paddingMode, dilation), groups, bias, initializer, name ?? x.Scope.Next("conv"));

    /// <summary>
    /// A convolution of a C×D×H×W volume, such as a scan or a film, with trained filters: output filters×D′×H′×W′, where
    /// D′ = ⌊(D + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1 and H′ and W′ likewise.
    /// </summary>
    /// <param name="x">The volume, C×D×H×W.</param>
    /// <param name="filters">The number of filters, which become the channels of the output.</param>
    /// <param name="kernel">The depth, height and width of a filter.</param>
    /// <param name="stride">The step between two places; 1 by default.</param>
    /// <param name="padding">Elements on each side, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="groups">The number of groups; C groups make a depthwise convolution.</param>
    /// <param name="bias">Whether a trained number is added to each filter's output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; conv1, conv2 … by default.</param>
    /// <exception cref="ShapeException">The volume is smaller than the kernel, or the groups do not divide the channels.</exception>
    public static Node Conv3D(
        this Node x, int filters, Volume kernel, Volume? stride = null, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        Volume? dilation = null, int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Layer(x, filters, SlidingWindow.OverVolume(kernel, stride, padding, paddingMode, dilation), groups, bias, initializer, name ?? x.Scope.Next("conv"));

    /// <summary>
    /// A depthwise convolution: each channel of a C×H×W image has filters of its own and channels do not mix. Output:
    /// (C·multiplier)×H′×W′, with H′ and W′ as in <see cref="Conv"/>; the channels that come from one stay together.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="kernel">The height and width of a filter.</param>
    /// <param name="multiplier">The number of filters of each channel.</param>
    /// <param name="stride">The step between two places; 1 by default.</param>
    /// <param name="padding">Elements on each side, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="bias">Whether a trained number is added to each filter's output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; depthwiseConv1, depthwiseConv2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the kernel, or the multiplier is below 1.</exception>
    public static Node DepthwiseConv(
        this Node x, Size kernel, int multiplier = 1, Size? stride = null, Padding padding = default, PaddingMode paddingMode = PaddingMode.Zeros,
        Size? dilation = null, bool bias = true, Initializer? initializer = null, string? name = null)
        => Layer(
            x, x.Shape.C * multiplier, SlidingWindow.OverImage(kernel, stride, padding, paddingMode, dilation), x.Shape.C, bias, initializer,
            name ?? x.Scope.Next("depthwiseConv"));

    /// <summary>
    /// A depthwise-separable convolution (Chollet 2017, Xception): a depthwise convolution without bias, then a 1×1 convolution
    /// that mixes the channels. For a 3×3 kernel it needs about a ninth of the multiply-adds of <see cref="Conv"/>. Output:
    /// filters×H′×W′, with H′ and W′ as in <see cref="Conv"/>.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The number of filters of the 1×1 convolution, which become the channels of the output.</param>
    /// <param name="kernel">The height and width of a depthwise filter.</param>
    /// <param name="multiplier">The number of depthwise filters of each channel.</param>
    /// <param name="stride">The step between two places of the depthwise convolution; 1 by default.</param>
    /// <param name="padding">Elements on each side, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="paddingMode">What these elements are; zeros by default.</param>
    /// <param name="dilation">The distance between two taps of a depthwise filter; 1 by default.</param>
    /// <param name="bias">Whether a trained number is added to each output channel.</param>
    /// <param name="initializer">How the filters of both start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; separableConv1, separableConv2 … by default. The depthwise part is name.depthwise.</param>
    /// <exception cref="ShapeException">The image is smaller than the kernel, or the multiplier or the filters are below 1.</exception>
    public static Node SeparableConv(
        this Node x, int filters, Size kernel, int multiplier = 1, Size? stride = null, Padding padding = default,
        PaddingMode paddingMode = PaddingMode.Zeros, Size? dilation = null, bool bias = true, Initializer? initializer = null, string? name = null)
    {
        name ??= x.Scope.Next("separableConv");
        return x.DepthwiseConv(kernel, multiplier, stride, padding, paddingMode, dilation, bias: false, initializer, $"{name}.depthwise")
            .Conv(filters, 1, bias: bias, initializer: initializer, name: name);
    }

    private static Node Layer(Node x, int filters, SlidingWindow sliding, int groups, bool bias, Initializer? initializer, string name)
    {
        // The weight's shape follows from the attributes, so they are checked before it is made.
        var op = new ConvOp { Window = sliding.On(x.Shape), Groups = groups };
        var inputs = new OpInputs(op, name, [x]) { Attributes = ConvOp.Describe(op.Window, groups, x.Shape, filters) };
        op.CheckGroups(inputs, x.Shape, filters);
        sliding.Check(inputs);
        op.Window.Infer(inputs, x.Shape, filters);

        var (padded, window) = sliding.Pad(x, name);
        op = op with { Window = window };
        var weight = x.Variable(op.WeightShape(x.Shape, filters), initializer ?? Initializer.He, $"{name}.weight");
        return bias
            ? new Node(op, [padded, weight, x.Variable([filters], Initializer.Zeros, $"{name}.bias")], name)
            : new Node(op, [padded, weight], name);
    }
}

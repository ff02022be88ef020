using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Transposed convolution layers: they go the way of a convolution backwards, from its output's shape to its input's, and so
/// enlarge by their stride.
/// </summary>
public static class TransposedConvolution
{
    /// <summary>
    /// A transposed convolution of a C×H×W image (Zeiler et al. 2010; Dumoulin &amp; Visin 2016, chapter 4): output
    /// filters×H′×W′, where H′ = (H − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1 and W′ likewise.
    /// The weight is C×(filters/groups)×kernel, as in PyTorch.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The channels of the output.</param>
    /// <param name="kernel">The height and width of a filter.</param>
    /// <param name="stride">The step between two places of the output; 1 by default.</param>
    /// <param name="padding">
    /// Elements cut off each side of the output, or <see cref="Padding.Same"/> for an output of exactly stride times the input;
    /// none by default.
    /// </param>
    /// <param name="outputPadding">Elements that the output has more at its lower and right border, below the stride; none by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="bias">Whether a trained number is added to each output channel.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; convTranspose1, convTranspose2 … by default.</param>
    /// <exception cref="ShapeException">Nothing would be left of the output, the output padding is not below the stride, or the groups do not divide the channels.</exception>
    public static Node ConvTranspose(
        this Node x, int filters, Size kernel, Size? stride = null, Padding padding = default, Size? outputPadding = null, Size? dilation = null,
        int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
    {
        var extra = outputPadding ?? 0;
        return Layer(
            x, filters, SlidingWindow.OverImage(kernel, stride, padding, PaddingMode.Zeros, dilation), (0, extra.Height, extra.Width),
            groups, bias, initializer, name);
    }

    /// <summary>
    /// A transposed convolution of a C×W sequence: output filters×W′, where
    /// W′ = (W − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1.
    /// </summary>
    /// <param name="x">The sequence, C×W.</param>
    /// <param name="filters">The channels of the output.</param>
    /// <param name="kernel">The length of a filter.</param>
    /// <param name="stride">The step between two places of the output.</param>
    /// <param name="padding">Elements cut off each side of the output, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="outputPadding">Elements that the output has more at its end, below the stride.</param>
    /// <param name="dilation">The distance between two taps of a filter.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="bias">Whether a trained number is added to each output channel.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; convTranspose1, convTranspose2 … by default.</param>
    /// <exception cref="ShapeException">As for <see cref="ConvTranspose"/>.</exception>
    public static Node ConvTranspose1D(
        this Node x, int filters, int kernel, int stride = 1, Padding padding = default, int outputPadding = 0, int dilation = 1,
        int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Layer(
            x, filters, SlidingWindow.OverSequence(kernel, stride, padding, PaddingMode.Zeros, dilation), (0, 0, outputPadding),
            groups, bias, initializer, name);

    /// <summary>
    /// A transposed convolution of a C×D×H×W volume: output filters×D′×H′×W′, where
    /// D′ = (D − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1 and H′ and W′ likewise.
    /// </summary>
    /// <param name="x">The volume, C×D×H×W.</param>
    /// <param name="filters">The channels of the output.</param>
    /// <param name="kernel">The depth, height and width of a filter.</param>
    /// <param name="stride">The step between two places of the output; 1 by default.</param>
    /// <param name="padding">Elements cut off each side of the output, or <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="outputPadding">Elements that the output has more at the end of each axis, below the stride; none by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="bias">Whether a trained number is added to each output channel.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; convTranspose1, convTranspose2 … by default.</param>
    /// <exception cref="ShapeException">As for <see cref="ConvTranspose"/>.</exception>
    public static Node ConvTranspose3D(
        this Node x, int filters, Volume kernel, Volume? stride = null, Padding padding = default, Volume? outputPadding = null, Volume? dilation = null,
        int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
        => Layer(
            x, filters, SlidingWindow.OverVolume(kernel, stride, padding, PaddingMode.Zeros, dilation), outputPadding ?? 0,
            groups, bias, initializer, name);

    private static Node Layer(
        Node x, int filters, SlidingWindow sliding, Volume outputPadding, int groups, bool bias, Initializer? initializer, string? name)
    {
        name ??= x.Scope.Next("convTranspose");
        var y = OutputShape(x, filters, sliding, outputPadding, groups, name);
        var op = new ConvTransposeOp { Window = sliding.On(y), Groups = groups, OutputShape = y };
        var convolution = new ConvOp { Window = op.Window, Groups = groups };
        var fans = convolution.WeightShape(x.Shape, filters);
        var weight = x.Variable(convolution.WeightShape(y, x.Shape.C), (initializer ?? Initializer.He).WithFansOf(fans), $"{name}.weight");
        return bias
            ? new Node(op, [x, weight, x.Variable([filters], Initializer.Zeros, $"{name}.bias")], name)
            : new Node(op, [x, weight], name);
    }

    /// <summary>Checks the attributes, from which the shapes of the weight and of the output follow.</summary>
    private static Shape OutputShape(Node x, int filters, SlidingWindow sliding, Volume outputPadding, int groups, string name)
    {
        var window = sliding.On(x.Shape);
        var inputs = new OpInputs(new ConvTransposeOp { Window = window, OutputShape = x.Shape }, name, [x])
        {
            Attributes = ConvOp.Describe(sliding.Padding.IsSame ? (sliding with { Padding = default }).On(x.Shape) : window, groups, x.Shape, filters),
        };
        new ConvOp { Window = window, Groups = groups }.CheckGroups(inputs, x.Shape, filters);
        sliding.Check(inputs);
        if (sliding.Padding.IsCausal)
            throw inputs.Error("there is no causal padding of a transposed convolution");
        if (sliding.Padding.IsSame && outputPadding != 0)
            throw inputs.Error("the padding that keeps the size leaves no choice of an output padding");
        window.Check(inputs, x.Shape);

        Span<int> extents =
        [
            filters,
            Extent(window.Depth, x.Shape.D, outputPadding.Depth, "depth"),
            Extent(window.Height, x.Shape.H, outputPadding.Height, "height"),
            Extent(window.Width, x.Shape.W, outputPadding.Width, "width"),
        ];
        var spatial = extents[(5 - x.Shape.Rank)..];
        if (spatial.ContainsAnyExceptInRange(1, int.MaxValue))
            throw inputs.Error($"the output would be {string.Join('×', [filters, .. spatial])}");
        return new Shape([filters, .. spatial]);

        int Extent(WindowAxis axis, int input, int extra, string what)
        {
            if (extra < 0 || (extra > 0 && extra >= axis.Stride))
                throw inputs.Error($"the output padding must be at least 0 and below the stride; along the {what} it is {extra}, and the stride {axis.Stride}");
            return checked(sliding.Padding.IsSame
                ? input * axis.Stride
                : ((input - 1) * axis.Stride) + axis.Extent - axis.Before - axis.After + extra);
        }
    }
}

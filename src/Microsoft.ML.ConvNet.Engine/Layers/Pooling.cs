using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Pooling layers. A window slides over each channel by itself: of H elements it makes
/// H′ = ⌊(H + 2·padding − dilation·(window − 1) − 1)/stride⌋ + 1 (Dumoulin &amp; Visin 2016), or ⌈…⌉ + 1 in ceil mode.
/// </summary>
public static class Pooling
{
    /// <summary>The largest value under each window of each channel. Padding never wins.</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding, smaller than the window: elements on each side, or a rule such as <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="dilation">The distance between two elements of a window; 1 by default.</param>
    /// <param name="ceilMode">Whether a last window that reaches past the image counts too, as in PyTorch.</param>
    /// <param name="name">The layer's name; maxPool1, maxPool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window.</exception>
    public static Node MaxPool(
        this Node x, Size window, Size? stride = null, Padding padding = default, Size? dilation = null, bool ceilMode = false, string? name = null)
        => Pool(x, Plane(window, stride, padding, dilation), w => new MaxPoolOp { Window = w, CeilMode = ceilMode }, name);

    /// <summary>The largest value under each window of a sequence, C×W. All else is as in <see cref="MaxPool"/>.</summary>
    public static Node MaxPool1D(
        this Node x, int window, int? stride = null, Padding padding = default, int dilation = 1, bool ceilMode = false, string? name = null)
        => Pool(x, Line(window, stride, padding, dilation), w => new MaxPoolOp { Window = w, CeilMode = ceilMode }, name);

    /// <summary>The largest value under each window of a volume, C×D×H×W. All else is as in <see cref="MaxPool"/>.</summary>
    public static Node MaxPool3D(
        this Node x, Volume window, Volume? stride = null, Padding padding = default, Volume? dilation = null, bool ceilMode = false, string? name = null)
        => Pool(x, Block(window, stride, padding, dilation), w => new MaxPoolOp { Window = w, CeilMode = ceilMode }, name);

    /// <summary>The mean under each window of each channel.</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding, smaller than the window: elements on each side, or a rule such as <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="countPadding">Whether padding counts as zeros in the mean, or not at all.</param>
    /// <param name="ceilMode">
    /// Whether a last window that reaches past the image counts too, as in PyTorch: what it reaches past the padding is not in its mean.
    /// </param>
    /// <param name="name">The layer's name; averagePool1, averagePool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window.</exception>
    public static Node AveragePool(
        this Node x, Size window, Size? stride = null, Padding padding = default, bool countPadding = true, bool ceilMode = false, string? name = null)
        => Pool(x, Plane(window, stride, padding), w => new AveragePoolOp { Window = w, CountPadding = countPadding, CeilMode = ceilMode }, name);

    /// <summary>The mean under each window of a sequence, C×W. All else is as in <see cref="AveragePool"/>.</summary>
    public static Node AveragePool1D(
        this Node x, int window, int? stride = null, Padding padding = default, bool countPadding = true, bool ceilMode = false, string? name = null)
        => Pool(x, Line(window, stride, padding), w => new AveragePoolOp { Window = w, CountPadding = countPadding, CeilMode = ceilMode }, name);

    /// <summary>The mean under each window of a volume, C×D×H×W. All else is as in <see cref="AveragePool"/>.</summary>
    public static Node AveragePool3D(
        this Node x, Volume window, Volume? stride = null, Padding padding = default, bool countPadding = true, bool ceilMode = false, string? name = null)
        => Pool(x, Block(window, stride, padding), w => new AveragePoolOp { Window = w, CountPadding = countPadding, CeilMode = ceilMode }, name);

    /// <summary>
    /// The norm under each window of each channel, (Σ|x|^power)^(1/power): L2 pooling by default. A window of zeros has no gradient.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="power">p: 2 for L2 pooling, 1 for sums of magnitudes; the larger, the nearer to the largest magnitude.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding, smaller than the window: elements on each side, or a rule such as <see cref="Padding.Same"/>; none by default.</param>
    /// <param name="ceilMode">
    /// Whether a last window that reaches past the image counts too: as the norm of what is there. (PyTorch scales it up to a full window.)
    /// </param>
    /// <param name="name">The layer's name; lpPool1, lpPool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window, or the power is below 1.</exception>
    public static Node LpPool(
        this Node x, Size window, float power = 2, Size? stride = null, Padding padding = default, bool ceilMode = false, string? name = null)
        => Pool(x, Plane(window, stride, padding), w => new LpPoolOp { Window = w, Power = power, CeilMode = ceilMode }, name);

    /// <summary>The norm under each window of a sequence, C×W. All else is as in <see cref="LpPool"/>.</summary>
    public static Node LpPool1D(
        this Node x, int window, float power = 2, int? stride = null, Padding padding = default, bool ceilMode = false, string? name = null)
        => Pool(x, Line(window, stride, padding), w => new LpPoolOp { Window = w, Power = power, CeilMode = ceilMode }, name);

    /// <summary>The norm under each window of a volume, C×D×H×W. All else is as in <see cref="LpPool"/>.</summary>
    public static Node LpPool3D(
        this Node x, Volume window, float power = 2, Volume? stride = null, Padding padding = default, bool ceilMode = false, string? name = null)
        => Pool(x, Block(window, stride, padding), w => new LpPoolOp { Window = w, Power = power, CeilMode = ceilMode }, name);

    /// <summary>The mean of each channel (Lin, Chen &amp; Yan 2014, Network in network). Output: C×1×1.</summary>
    public static Node GlobalAveragePool(this Node x, string? name = null)
    {
        var shape = x.Shape.AsSpan().ToArray();
        shape.AsSpan(1).Fill(1);
        return new(new ReduceOp { Shape = new Shape(shape), Batched = true, Mean = true }, [x], name ?? x.Scope.Next("globalAveragePool"));
    }

    /// <summary>The largest value of each channel. Output: C×1×1, with as many spatial axes as the input.</summary>
    /// <param name="x">A sequence, an image or a volume.</param>
    /// <param name="name">The layer's name; globalMaxPool1, globalMaxPool2 … by default.</param>
    /// <exception cref="ShapeException">The input has no spatial axis, or more than three.</exception>
    public static Node GlobalMaxPool(this Node x, string? name = null)
        => new(
            new MaxPoolOp { Window = Everything(x.Shape) },
            [x], name ?? x.Scope.Next("globalMaxPool"));

    /// <summary>
    /// Means under windows that make an output of a given size, whatever the input's: row i of H′ is the mean of the rows ⌊i·H/H′⌋ … ⌈(i+1)·H/H′⌉ − 1,
    /// as in PyTorch.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="size">The height and width of the output.</param>
    /// <param name="name">The layer's name; adaptiveAveragePool1, adaptiveAveragePool2 … by default.</param>
    /// <exception cref="ShapeException">The input is no image, or the size is below 1.</exception>
    public static Node AdaptiveAveragePool(this Node x, Size size, string? name = null)
        => new(new AdaptiveAveragePoolOp { Size = [size.Height, size.Width] }, [x], name);

    /// <summary>The means of a sequence, C×W, under windows that make an output of a given length. All else is as in <see cref="AdaptiveAveragePool"/>.</summary>
    public static Node AdaptiveAveragePool1D(this Node x, int length, string? name = null)
        => new(new AdaptiveAveragePoolOp { Size = [length] }, [x], name);

    /// <summary>The means of a volume, C×D×H×W, under windows that make an output of a given size. All else is as in <see cref="AdaptiveAveragePool"/>.</summary>
    public static Node AdaptiveAveragePool3D(this Node x, Volume size, string? name = null)
        => new(new AdaptiveAveragePoolOp { Size = [size.Depth, size.Height, size.Width] }, [x], name);

    /// <summary>The window of a global pooling.</summary>
    internal static Window Everything(Shape x) => new(new WindowAxis(x.D), new WindowAxis(x.H), new WindowAxis(x.W));

    private static SlidingWindow Line(int window, int? stride, Padding padding, int dilation = 1)
        => SlidingWindow.OverSequence(window, stride ?? window, padding, PaddingMode.Zeros, dilation);

    private static SlidingWindow Plane(Size window, Size? stride, Padding padding, Size? dilation = null)
        => SlidingWindow.OverImage(window, stride ?? window, padding, PaddingMode.Zeros, dilation);

    private static SlidingWindow Block(Volume window, Volume? stride, Padding padding, Volume? dilation = null)
        => SlidingWindow.OverVolume(window, stride ?? window, padding, PaddingMode.Zeros, dilation);

    private static Node Pool(Node x, SlidingWindow window, Func<Window, PoolOp> make, string? name)
    {
        var op = make(window.On(x.Shape));
        name ??= x.Scope.Next(op.Name);
        window.Check(new OpInputs(op, name, [x]));
        return new Node(op, [x], name);
    }
}

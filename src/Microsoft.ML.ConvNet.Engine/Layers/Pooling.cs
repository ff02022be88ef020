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
    /// <param name="padding">Padding on each side, smaller than the window; none by default.</param>
    /// <param name="dilation">The distance between two elements of a window; 1 by default.</param>
    /// <param name="ceilMode">Whether a last window that reaches past the image counts too, as in PyTorch.</param>
    /// <param name="name">The layer's name; maxPool1, maxPool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window.</exception>
    public static Node MaxPool(
        this Node x, Size window, Size? stride = null, Size? padding = null, Size? dilation = null, bool ceilMode = false, string? name = null)
        => new(new MaxPoolOp { Window = Plane(window, stride, padding, dilation), CeilMode = ceilMode }, [x], name);

    /// <summary>The largest value under each window of a sequence, C×W. All else is as in <see cref="MaxPool"/>.</summary>
    public static Node MaxPool1D(
        this Node x, int window, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false, string? name = null)
        => new(new MaxPoolOp { Window = Line(window, stride, padding, dilation), CeilMode = ceilMode }, [x], name);

    /// <summary>The largest value under each window of a volume, C×D×H×W. All else is as in <see cref="MaxPool"/>.</summary>
    public static Node MaxPool3D(
        this Node x, Volume window, Volume? stride = null, Volume? padding = null, Volume? dilation = null, bool ceilMode = false, string? name = null)
        => new(new MaxPoolOp { Window = Block(window, stride, padding, dilation), CeilMode = ceilMode }, [x], name);

    /// <summary>The mean under each window of each channel.</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding on each side, smaller than the window; none by default.</param>
    /// <param name="countPadding">Whether padding counts as zeros in the mean, or not at all.</param>
    /// <param name="ceilMode">
    /// Whether a last window that reaches past the image counts too, as in PyTorch: what it reaches past the padding is not in its mean.
    /// </param>
    /// <param name="name">The layer's name; averagePool1, averagePool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window.</exception>
    public static Node AveragePool(
        this Node x, Size window, Size? stride = null, Size? padding = null, bool countPadding = true, bool ceilMode = false, string? name = null)
        => new(new AveragePoolOp { Window = Plane(window, stride, padding), CountPadding = countPadding, CeilMode = ceilMode }, [x], name);

    /// <summary>The mean under each window of a sequence, C×W. All else is as in <see cref="AveragePool"/>.</summary>
    public static Node AveragePool1D(
        this Node x, int window, int? stride = null, int padding = 0, bool countPadding = true, bool ceilMode = false, string? name = null)
        => new(new AveragePoolOp { Window = Line(window, stride, padding), CountPadding = countPadding, CeilMode = ceilMode }, [x], name);

    /// <summary>The mean under each window of a volume, C×D×H×W. All else is as in <see cref="AveragePool"/>.</summary>
    public static Node AveragePool3D(
        this Node x, Volume window, Volume? stride = null, Volume? padding = null, bool countPadding = true, bool ceilMode = false, string? name = null)
        => new(new AveragePoolOp { Window = Block(window, stride, padding), CountPadding = countPadding, CeilMode = ceilMode }, [x], name);

    /// <summary>
    /// The norm under each window of each channel, (Σ|x|^power)^(1/power): L2 pooling by default. A window of zeros has no gradient.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="power">p: 2 for L2 pooling, 1 for sums of magnitudes; the larger, the nearer to the largest magnitude.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding on each side, smaller than the window; none by default.</param>
    /// <param name="ceilMode">
    /// Whether a last window that reaches past the image counts too: as the norm of what is there. (PyTorch scales it up to a full window.)
    /// </param>
    /// <param name="name">The layer's name; lpPool1, lpPool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window, or the power is below 1.</exception>
    public static Node LpPool(
        this Node x, Size window, float power = 2, Size? stride = null, Size? padding = null, bool ceilMode = false, string? name = null)
        => new(new LpPoolOp { Window = Plane(window, stride, padding), Power = power, CeilMode = ceilMode }, [x], name);

    /// <summary>The norm under each window of a sequence, C×W. All else is as in <see cref="LpPool"/>.</summary>
    public static Node LpPool1D(
        this Node x, int window, float power = 2, int? stride = null, int padding = 0, bool ceilMode = false, string? name = null)
        => new(new LpPoolOp { Window = Line(window, stride, padding), Power = power, CeilMode = ceilMode }, [x], name);

    /// <summary>The norm under each window of a volume, C×D×H×W. All else is as in <see cref="LpPool"/>.</summary>
    public static Node LpPool3D(
        this Node x, Volume window, float power = 2, Volume? stride = null, Volume? padding = null, bool ceilMode = false, string? name = null)
        => new(new LpPoolOp { Window = Block(window, stride, padding), Power = power, CeilMode = ceilMode }, [x], name);

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

    private static Window Line(int window, int? stride, int padding, int dilation = 1)
        => new(new WindowAxis(1), new WindowAxis(window, stride ?? window, padding, padding, dilation));

    private static Window Plane(Size window, Size? stride, Size? padding, Size? dilation = null)
    {
        var (step, pad, spread) = (stride ?? window, padding ?? 0, dilation ?? 1);
        return new Window(
            new WindowAxis(window.Height, step.Height, pad.Height, pad.Height, spread.Height),
            new WindowAxis(window.Width, step.Width, pad.Width, pad.Width, spread.Width));
    }

    private static Window Block(Volume window, Volume? stride, Volume? padding, Volume? dilation = null)
    {
        var (step, pad, spread) = (stride ?? window, padding ?? 0, dilation ?? 1);
        return new Window(
            new WindowAxis(window.Depth, step.Depth, pad.Depth, pad.Depth, spread.Depth),
            new WindowAxis(window.Height, step.Height, pad.Height, pad.Height, spread.Height),
            new WindowAxis(window.Width, step.Width, pad.Width, pad.Width, spread.Width));
    }
}

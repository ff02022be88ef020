using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Layers that make images larger, or of another size.</summary>
public static class Upsampling
{
    /// <summary>An image whole times as large: each pixel repeated, or interpolated between its neighbours. Output: C×(factor·H)×(factor·W).</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="factor">By what the height and the width grow.</param>
    /// <param name="mode">How pixels are made; repeated by default.</param>
    /// <param name="alignCorners">Whether the first and last pixels of input and output coincide; only for <see cref="ResizeMode.Linear"/>.</param>
    /// <param name="name">The layer's name; upsample1, upsample2 … by default.</param>
    /// <exception cref="ShapeException">The input is no image, a factor is below 1, or corners are to be aligned without interpolation.</exception>
    public static Node Upsample(
        this Node x, Size factor, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false, string? name = null)
        => Grow(x, [factor.Height, factor.Width], mode, alignCorners, name);

    /// <summary>A sequence, C×W, whole times as long. Output: C×(factor·W). All else is as in <see cref="Upsample"/>.</summary>
    public static Node Upsample1D(
        this Node x, int factor, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false, string? name = null)
        => Grow(x, [factor], mode, alignCorners, name);

    /// <summary>A volume, C×D×H×W, whole times as large. Output: C×(factor·D)×(factor·H)×(factor·W). All else is as in <see cref="Upsample"/>.</summary>
    public static Node Upsample3D(
        this Node x, Volume factor, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false, string? name = null)
        => Grow(x, [factor.Depth, factor.Height, factor.Width], mode, alignCorners, name);

    /// <summary>An image of another size, larger or smaller, as PyTorch's <c>interpolate</c> makes it. Output: C×height×width.</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="size">The new height and width.</param>
    /// <param name="mode">How pixels are made; the nearest one by default.</param>
    /// <param name="alignCorners">Whether the first and last pixels of input and output coincide; only for <see cref="ResizeMode.Linear"/>.</param>
    /// <param name="name">The layer's name; resize1, resize2 … by default.</param>
    /// <exception cref="ShapeException">The input is no image, an extent is below 1, or corners are to be aligned without interpolation.</exception>
    public static Node Resize(
        this Node x, Size size, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false, string? name = null)
        => new(new ResizeOp { Size = [size.Height, size.Width], Mode = mode, AlignCorners = alignCorners }, [x], name);

    /// <summary>A sequence, C×W, of another length. Output: C×length. All else is as in <see cref="Resize"/>.</summary>
    public static Node Resize1D(
        this Node x, int length, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false, string? name = null)
        => new(new ResizeOp { Size = [length], Mode = mode, AlignCorners = alignCorners }, [x], name);

    /// <summary>A volume, C×D×H×W, of another size. Output: C×depth×height×width. All else is as in <see cref="Resize"/>.</summary>
    public static Node Resize3D(
        this Node x, Volume size, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false, string? name = null)
        => new(new ResizeOp { Size = [size.Depth, size.Height, size.Width], Mode = mode, AlignCorners = alignCorners }, [x], name);

    /// <summary>
    /// An image whole times as large, in which each pixel stands at the top left of its block and all others are 0. Output:
    /// C×(factor·H)×(factor·W).
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="factor">The height and width of a block.</param>
    /// <param name="name">The layer's name; bedOfNails1, bedOfNails2 … by default.</param>
    /// <exception cref="ShapeException">The input is no image, or a factor is below 1.</exception>
    public static Node BedOfNails(this Node x, Size factor, string? name = null)
        => new(new BedOfNailsOp { Factors = [factor.Height, factor.Width] }, [x], name);

    /// <summary>
    /// Undoes a max pooling (Zeiler &amp; Fergus 2014): each value goes where the pooling found its largest value, and all other places are 0.
    /// Where windows overlap, values that go to the same place are added up. Output: the shape that the pooling received.
    /// </summary>
    /// <param name="x">What to put there, of the shape that the pooling gave.</param>
    /// <param name="pooled">The pooling to undo: what <see cref="Pooling.MaxPool"/> and its kin return.</param>
    /// <param name="name">The layer's name; maxUnpool1, maxUnpool2 … by default.</param>
    /// <exception cref="ArgumentException">The node is no max pooling.</exception>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Node MaxUnpool(this Node x, Node pooled, string? name = null)
    {
        if (pooled.Op is not MaxPoolOp pool)
            throw new ArgumentException($"MaxUnpool undoes a MaxPool; received {pooled}.", nameof(pooled));
        var image = pooled.Inputs[0];
        var switches = new Node(new MaxPoolSwitchesOp { Window = pool.Window, CeilMode = pool.CeilMode }, [image]);
        return new Node(new MaxUnpoolOp { Shape = image.Shape }, [x, switches], name);
    }

    /// <summary>
    /// Blocks of pixels from channels (Shi et al. 2016, Real-time single image and video super-resolution using an efficient sub-pixel
    /// convolutional neural network, equation 4): C·factor²×H×W becomes C×(factor·H)×(factor·W), and place (i, j) of each block of channel c is
    /// channel c·factor² + i·factor + j, as in PyTorch.
    /// </summary>
    /// <param name="x">The image, C·factor²×H×W.</param>
    /// <param name="factor">The height and width of a block.</param>
    /// <exception cref="ShapeException">The input is no image, the factor is below 1, or its square does not divide the channels.</exception>
    public static Node PixelShuffle(this Node x, int factor)
    {
        var (channels, height, width) = Image(x, "PixelShuffle");
        if (factor < 1 || channels % ((long)factor * factor) != 0)
            throw new ShapeException($"PixelShuffle (factor {factor}) received '{x.Name}': {x.Shape}: the factor's square, {(long)factor * factor}, must divide the {channels} channels.");
        channels /= factor * factor;
        return x.Reshape([channels, factor, factor, height, width]).Permute(0, 3, 1, 4, 2).Reshape([channels, height * factor, width * factor]);
    }

    /// <summary>Undoes <see cref="PixelShuffle"/>: C×H×W becomes C·factor²×(H/factor)×(W/factor).</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="factor">The height and width of a block.</param>
    /// <exception cref="ShapeException">The input is no image, or the factor is below 1 or does not divide the height and the width.</exception>
    public static Node PixelUnshuffle(this Node x, int factor)
    {
        var (channels, height, width) = Image(x, "PixelUnshuffle");
        if (factor < 1 || height % factor != 0 || width % factor != 0)
            throw new ShapeException($"PixelUnshuffle (factor {factor}) received '{x.Name}': {x.Shape}: the factor must divide {height} and {width}.");
        (height, width) = (height / factor, width / factor);
        return x.Reshape([channels, height, factor, width, factor]).Permute(0, 2, 4, 1, 3).Reshape([channels * factor * factor, height, width]);
    }

    private static Node Grow(Node x, Shape factors, ResizeMode mode, bool alignCorners, string? name)
        => new(new ResizeOp { Factors = factors, Mode = mode, AlignCorners = alignCorners }, [x], name ?? x.Scope.Next("upsample"));

    private static (int Channels, int Height, int Width) Image(Node x, string layer)
        => x.Shape.Rank == 3
            ? (x.Shape.C, x.Shape.H, x.Shape.W)
            : throw new ShapeException($"{layer} received '{x.Name}': {x.Shape}: it takes an image, C×H×W.");
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Pooling layers.</summary>
public static class Pooling
{
    /// <summary>The largest value under each window of each channel. Padding never wins.</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding on each side, smaller than the window; none by default.</param>
    /// <param name="name">The layer's name; maxPool1, maxPool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window.</exception>
    public static Node MaxPool(this Node x, Size window, Size? stride = null, Size? padding = null, string? name = null)
        => new(new MaxPoolOp { Window = Square(window, stride, padding) }, [x], name);

    /// <summary>The mean under each window of each channel.</summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="window">The height and width of the window.</param>
    /// <param name="stride">The step between two windows; the window's size by default, so that they do not overlap.</param>
    /// <param name="padding">Padding on each side, smaller than the window; none by default.</param>
    /// <param name="countPadding">Whether padding counts as zeros in the mean, or not at all.</param>
    /// <param name="name">The layer's name; averagePool1, averagePool2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the window.</exception>
    public static Node AveragePool(
        this Node x, Size window, Size? stride = null, Size? padding = null, bool countPadding = true, string? name = null)
        => new(new AveragePoolOp { Window = Square(window, stride, padding), CountPadding = countPadding }, [x], name);

    /// <summary>The mean of each channel (Lin, Chen &amp; Yan 2014, Network in network). Output: C×1×1.</summary>
    public static Node GlobalAveragePool(this Node x, string? name = null)
    {
        var shape = x.Shape.AsSpan().ToArray();
        shape.AsSpan(1).Fill(1);
        return new(new ReduceOp { Shape = new Shape(shape), Batched = true, Mean = true }, [x], name ?? x.Scope.Next("globalAveragePool"));
    }

    private static Window Square(Size window, Size? stride, Size? padding)
    {
        var (step, pad) = (stride ?? window, padding ?? 0);
        return new Window(
            new WindowAxis(window.Height, step.Height, pad.Height, pad.Height),
            new WindowAxis(window.Width, step.Width, pad.Width, pad.Width));
    }
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Layers that join, reshape and combine.</summary>
public static class Combining
{
    /// <summary>a + b. Where the shapes differ, one must have extents of 1, which are repeated.</summary>
    public static Node Add(this Node a, Node b, string? name = null) => new(new AddOp(), [a, b], name);

    /// <summary>a − b. Where the shapes differ, one must have extents of 1, which are repeated.</summary>
    public static Node Subtract(this Node a, Node b, string? name = null) => new(new SubtractOp(), [a, b], name);

    /// <summary>a·b, element by element. Where the shapes differ, one must have extents of 1, which are repeated.</summary>
    public static Node Multiply(this Node a, Node b, string? name = null) => new(new MultiplyOp(), [a, b], name);

    /// <summary>The channels of all nodes, one after the other.</summary>
    public static Node Concat(this Node x, params IReadOnlyList<Node> others) => new(new ConcatOp(), [x, .. others]);

    /// <summary>All elements in one axis.</summary>
    public static Node Flatten(this Node x, string? name = null)
        => new(new ReshapeOp { Shape = [x.Shape.Length] }, [x], name ?? x.Scope.Next("flatten"));

    /// <summary>The same elements under another shape of equal length.</summary>
    public static Node Reshape(this Node x, Shape shape, string? name = null) => new(new ReshapeOp { Shape = shape }, [x], name);

    /// <summary>a / b, element by element. Where the shapes differ, one must have extents of 1, which are repeated.</summary>
    public static Node Divide(this Node a, Node b, string? name = null) => new(new DivideOp(), [a, b], name);

    /// <summary>The larger of a and b, element by element.</summary>
    public static Node Maximum(this Node a, Node b, string? name = null) => new(new MaximumOp(), [a, b], name);

    /// <summary>The smaller of a and b, element by element.</summary>
    public static Node Minimum(this Node a, Node b, string? name = null) => new(new MinimumOp(), [a, b], name);

    /// <summary>The axes in another order: axis i of the output is axis <paramref name="axes"/>[i] of the input.</summary>
    /// <exception cref="ShapeException">The axes are no order of the input's.</exception>
    public static Node Permute(this Node x, params ReadOnlySpan<int> axes) => new(PermuteOp.Of(axes), [x]);

    /// <summary>A range of one axis.</summary>
    /// <param name="x">The input.</param>
    /// <param name="axis">The axis; 0 is the channels.</param>
    /// <param name="start">The first index.</param>
    /// <param name="length">The number of indices.</param>
    /// <param name="name">The layer's name; slice1, slice2 … by default.</param>
    /// <exception cref="ShapeException">There is no such axis or range.</exception>
    public static Node Slice(this Node x, int axis, int start, int length, string? name = null)
        => new(new SliceOp { Axis = axis, Start = start, Length = length }, [x], name);

    /// <summary>Equal parts along one axis, in order.</summary>
    /// <exception cref="ShapeException">The parts do not divide the axis.</exception>
    public static IReadOnlyList<Node> Split(this Node x, int parts, int axis = 0)
    {
        var op = new SliceOp { Axis = axis, Start = 0, Length = 1 };
        if (axis < 0 || axis >= x.Shape.Rank || parts < 1 || x.Shape[axis] % parts != 0)
            throw new OpInputs(op, "split", [x]).Error($"it cannot be split into {parts} equal parts along axis {axis}");
        var length = x.Shape[axis] / parts;
        return [.. Enumerable.Range(0, parts).Select(p => x.Slice(axis, p * length, length))];
    }

    /// <summary>More elements before and after along one axis.</summary>
    /// <param name="x">The input.</param>
    /// <param name="axis">The axis; 0 is the channels.</param>
    /// <param name="before">How many before.</param>
    /// <param name="after">How many after.</param>
    /// <param name="mode">What they are; zeros by default.</param>
    /// <param name="name">The layer's name; pad1, pad2 … by default.</param>
    /// <exception cref="ShapeException">There is no such axis, or it has too few elements to reflect or repeat.</exception>
    public static Node Pad(this Node x, int axis, int before, int after, PaddingMode mode = PaddingMode.Zeros, string? name = null)
        => new(new PadOp { Axis = axis, Before = before, After = after, Mode = mode }, [x], name);

    /// <summary>An image, C×H×W, with a border on all sides. Output: C×(H + 2·border)×(W + 2·border).</summary>
    /// <param name="x">The image.</param>
    /// <param name="border">The pixels above and below, and left and right.</param>
    /// <param name="mode">What they are; zeros by default.</param>
    /// <exception cref="ShapeException">The image is too small to reflect or repeat.</exception>
    public static Node Pad(this Node x, Size border, PaddingMode mode = PaddingMode.Zeros)
        => x.Pad(1, border.Height, border.Height, mode).Pad(2, border.Width, border.Width, mode);

    /// <summary>The middle of an image, C×H×W, of another height and width. Where pixels are left over, the odd one is cut at the end.</summary>
    /// <exception cref="ShapeException">The image is smaller.</exception>
    public static Node Crop(this Node x, Size size)
        => x.Slice(1, (x.Shape.H - size.Height) / 2, size.Height).Slice(2, (x.Shape.W - size.Width) / 2, size.Width);

    /// <summary>
    /// The basic block of a residual network (He et al. 2016, figure 2): two 3×3 convolutions with batch normalisation,
    /// added to the input, or to its 1×1 convolution where the shape changes. Output: filters×⌈H/stride⌉×⌈W/stride⌉.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The number of filters of both convolutions.</param>
    /// <param name="stride">The stride of the first convolution.</param>
    public static Node Residual(this Node x, int filters, int stride = 1)
    {
        var y = x.Conv(filters, 3, stride, padding: 1, bias: false).BatchNorm().Relu()
                 .Conv(filters, 3, padding: 1, bias: false).BatchNorm();
        var shortcut = stride == 1 && x.Shape.C == filters ? x : x.Conv(filters, 1, stride, bias: false).BatchNorm();
        return (y + shortcut).Relu();
    }
}

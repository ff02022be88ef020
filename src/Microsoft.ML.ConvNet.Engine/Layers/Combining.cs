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

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Losses of codes: vectors that a network makes of images, near each other for images that are alike. They take the codes of
/// two or three images and give a single number, to be trained with <see cref="Compile.Computation.Training"/>.
/// </summary>
public static class CodeLosses
{
    // Keeps the root's slope finite where two codes are equal, as in PyTorch.
    private const float Epsilon = 1e-6f;

    /// <summary>
    /// max(0, d(a, p) − d(a, n) + margin) with the Euclidean distance d, averaged over samples (Schroff, Kalenichenko &amp; Philbin
    /// 2015, equation 3, with distances not squared, as in PyTorch).
    /// </summary>
    /// <param name="anchor">The code of an image, F.</param>
    /// <param name="positive">That of an image that is alike, F.</param>
    /// <param name="negative">That of an image that is not, F.</param>
    /// <param name="margin">By how much the negative should be further away.</param>
    public static Node Triplet(Node anchor, Node positive, Node negative, float margin = 1)
        => Mean(Affine(Distance(anchor, positive) - Distance(anchor, negative), 1, margin).Relu());

    /// <summary>
    /// s·d² + (1 − s)·max(0, margin − d)² with the Euclidean distance d, averaged over samples (Hadsell, Chopra &amp; LeCun 2006,
    /// equation 4, without its factor ½).
    /// </summary>
    /// <param name="left">The code of an image, F.</param>
    /// <param name="right">That of another, F.</param>
    /// <param name="same">s: 1 where the two are alike and 0 where they are not, 1.</param>
    /// <param name="margin">How far apart images that are not alike should be.</param>
    public static Node Contrastive(Node left, Node right, Node same, float margin = 1)
    {
        var distance = Distance(left, right);
        var gap = Affine(distance, -1, margin).Relu();
        return Mean((same * distance * distance) + (Affine(same, -1, 1) * gap * gap));
    }

    private static Node Distance(Node a, Node b)
    {
        var difference = Affine(a - b, 1, Epsilon);
        return new Node(new SqrtOp(), [new Node(new ReduceOp { Shape = [1], Batched = true }, [difference * difference])]);
    }

    private static Node Mean(Node x) => new(new ReduceOp { Shape = [1], Batched = false, Mean = true }, [x], "loss");

    private static Node Affine(Node x, float factor, float offset) => new(new AffineOp { Factor = factor, Offset = offset }, [x]);
}

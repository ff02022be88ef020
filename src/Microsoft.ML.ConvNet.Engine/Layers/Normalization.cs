using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Layers that keep activations and training in bounds.</summary>
public static class Normalization
{
    /// <summary>
    /// Batch normalisation of each channel (Ioffe &amp; Szegedy 2015): by the batch's mean and variance in training, by their
    /// running means in inference; then a trained scale and shift. Keeps the shape.
    /// </summary>
    /// <param name="x">The input, C×… .</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">The share of each batch in the running statistics, as in PyTorch.</param>
    /// <param name="name">The layer's name; batchNorm1, batchNorm2 … by default.</param>
    public static Node BatchNorm(this Node x, float epsilon = 1e-5f, float momentum = 0.1f, string? name = null)
    {
        name ??= x.Scope.Next("batchNorm");
        if (!(epsilon > 0) || !(momentum > 0 && momentum <= 1))
            throw new ArgumentException($"BatchNorm '{name}' needs epsilon above 0 and momentum above 0 and at most 1; received {epsilon} and {momentum}.");
        var channels = x.Shape.C;
        float[] running = [.. Enumerable.Repeat(0f, channels), .. Enumerable.Repeat(1f, channels)];
        return new Node(
            new BatchNormOp { Epsilon = epsilon, Momentum = momentum },
            [
                x,
                x.Variable([channels], Initializer.Ones, $"{name}.scale"),
                x.Variable([channels], Initializer.Zeros, $"{name}.shift"),
                x.State([2, channels], Initializer.Values(running), $"{name}.running"),
            ],
            name);
    }

    /// <summary>
    /// Dropout (Srivastava et al. 2014): in training each element is zero with probability <paramref name="rate"/> and
    /// the others are scaled by 1/(1 − rate); in inference nothing happens. Keeps the shape.
    /// </summary>
    /// <param name="x">The input.</param>
    /// <param name="rate">The probability of zero, at least 0 and below 1.</param>
    /// <param name="name">The layer's name; dropout1, dropout2 … by default.</param>
    /// <exception cref="ShapeException">The rate is out of range.</exception>
    public static Node Dropout(this Node x, float rate = 0.5f, string? name = null)
        => new(new DropoutOp { Rate = rate, Salt = x.Scope.Count("dropout salt") }, [x], name);
}

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

    /// <summary>Dropout of whole channels (Tompson et al. 2015): neighbouring pixels are alike, so dropping single ones does little.</summary>
    /// <param name="x">The input, C×… .</param>
    /// <param name="rate">The probability of zero, at least 0 and below 1.</param>
    /// <param name="name">The layer's name; dropout1, dropout2 … by default.</param>
    /// <exception cref="ShapeException">The rate is out of range.</exception>
    public static Node SpatialDropout(this Node x, float rate = 0.5f, string? name = null)
        => new(new DropoutOp { Rate = rate, WholeChannels = true, Salt = x.Scope.Count("dropout salt") }, [x], name);

    /// <summary>
    /// Layer normalisation (Ba, Kiros &amp; Hinton 2016): each sample to mean 0 and variance 1 over all its elements, then a trained
    /// scale and shift for each element. Keeps the shape.
    /// </summary>
    /// <param name="x">The input, of any shape.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="name">The layer's name; layerNorm1, layerNorm2 … by default.</param>
    public static Node LayerNorm(this Node x, float epsilon = 1e-5f, string? name = null)
        => Grouped(x, 1, epsilon, x.Shape, name ?? x.Scope.Next("layerNorm"));

    /// <summary>
    /// Group normalisation (Wu &amp; He 2018): each group of channels of each sample to mean 0 and variance 1, then a trained scale and
    /// shift for each channel. Keeps the shape.
    /// </summary>
    /// <param name="x">The input, C×… .</param>
    /// <param name="groups">The number of groups, which divides C.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="name">The layer's name; groupNorm1, groupNorm2 … by default.</param>
    /// <exception cref="ShapeException">The groups do not divide the channels.</exception>
    public static Node GroupNorm(this Node x, int groups, float epsilon = 1e-5f, string? name = null)
        => Grouped(x, groups, epsilon, PerChannel(x), name ?? x.Scope.Next("groupNorm"));

    /// <summary>
    /// Instance normalisation (Ulyanov, Vedaldi &amp; Lempitsky 2016): each channel of each sample to mean 0 and variance 1, then a
    /// trained scale and shift for each channel. Keeps the shape.
    /// </summary>
    /// <param name="x">The input, C×… .</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="name">The layer's name; instanceNorm1, instanceNorm2 … by default.</param>
    public static Node InstanceNorm(this Node x, float epsilon = 1e-5f, string? name = null)
        => Grouped(x, x.Shape.C, epsilon, PerChannel(x), name ?? x.Scope.Next("instanceNorm"));

    /// <summary>
    /// Local response normalisation (Krizhevsky, Sutskever &amp; Hinton 2012, section 3.3): x/(k + α/n·Σ x²)^β over n neighbouring
    /// channels. Keeps the shape.
    /// </summary>
    /// <param name="x">The input, C×… .</param>
    /// <param name="channels">n.</param>
    /// <param name="alpha">α.</param>
    /// <param name="beta">β.</param>
    /// <param name="k">k.</param>
    /// <param name="name">The layer's name; localResponseNorm1 … by default.</param>
    public static Node LocalResponseNorm(this Node x, int channels = 5, float alpha = 1e-4f, float beta = 0.75f, float k = 1, string? name = null)
        => new(new LocalResponseNormOp { Channels = channels, Alpha = alpha, Beta = beta, K = k }, [x], name);

    private static Node Grouped(Node x, int groups, float epsilon, Shape parameters, string name)
    {
        var normalized = new Node(new GroupNormalizeOp { Groups = groups, Epsilon = epsilon }, [x], $"{name}.normalized");
        var scaled = normalized.Multiply(x.Variable(parameters, Initializer.Ones, $"{name}.scale"), $"{name}.scaled");
        return scaled.Add(x.Variable(parameters, Initializer.Zeros, $"{name}.shift"), name);
    }

    /// <summary>C×1×…: a number for each channel, which is repeated over its places.</summary>
    private static Shape PerChannel(Node x)
    {
        var extents = x.Shape.AsSpan().ToArray();
        extents.AsSpan(1).Fill(1);
        return new Shape(extents);
    }
}

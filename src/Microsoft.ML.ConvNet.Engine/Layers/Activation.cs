using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Activation functions. They keep the shape.</summary>
public static class Activation
{
    /// <summary>max(x, 0) (Nair &amp; Hinton 2010).</summary>
    public static Node Relu(this Node x, string? name = null) => new(new ReluOp(), [x], name);

    /// <summary>min(max(x, 0), 6) (Krizhevsky 2010; Howard et al. 2017).</summary>
    public static Node Relu6(this Node x, string? name = null) => new(new ClipOp { Minimum = 0, Maximum = 6 }, [x], name);

    /// <summary>x for positive x, slope·x otherwise (Maas, Hannun &amp; Ng 2013).</summary>
    public static Node LeakyRelu(this Node x, float slope = 0.01f, string? name = null) => new(new LeakyReluOp { Slope = slope }, [x], name);

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public static Node Sigmoid(this Node x, string? name = null) => new(new SigmoidOp(), [x], name);

    /// <summary>The hyperbolic tangent.</summary>
    public static Node Tanh(this Node x, string? name = null) => new(new TanhOp(), [x], name);

    /// <summary>e^x / Σ e^x over the channels: a probability for each class.</summary>
    public static Node Softmax(this Node x, string? name = null) => new(new SoftmaxOp(), [x], name);

    /// <summary>log softmax over the channels: the logarithm of each class's probability.</summary>
    public static Node LogSoftmax(this Node x, string? name = null) => new(new LogSoftmaxOp(), [x], name);

    /// <summary>x for positive x, slope·x otherwise, with a trained slope for each channel (He et al. 2015).</summary>
    /// <param name="x">The input, C×… .</param>
    /// <param name="slope">The slopes at first; 0.25 by default.</param>
    /// <param name="name">The layer's name; pRelu1, pRelu2 … by default.</param>
    public static Node PRelu(this Node x, float slope = 0.25f, string? name = null)
    {
        name ??= x.Scope.Next("pRelu");
        return new Node(new PReluOp(), [x, x.Variable([x.Shape.C], Initializer.Constant(slope), $"{name}.slope")], name);
    }

    /// <summary>x for positive x, α·(eˣ − 1) otherwise (Clevert, Unterthiner &amp; Hochreiter 2016).</summary>
    public static Node Elu(this Node x, float alpha = 1, string? name = null) => new(new EluOp { Alpha = alpha }, [x], name);

    /// <summary>The ELU that keeps mean 0 and variance 1 (Klambauer et al. 2017).</summary>
    public static Node Selu(this Node x, string? name = null) => new(new SeluOp(), [x], name);

    /// <summary>x·Φ(x) (Hendrycks &amp; Gimpel 2016), exactly or by an approximation with tanh.</summary>
    public static Node Gelu(this Node x, bool approximate = false, string? name = null) => new(new GeluOp { Approximate = approximate }, [x], name);

    /// <summary>x/(1 + e⁻ˣ), also called swish (Elfwing, Uchibe &amp; Doya 2018).</summary>
    public static Node Silu(this Node x, string? name = null) => new(new SiluOp(), [x], name);

    /// <summary>ln(1 + eˣ) (Dugas et al. 2001).</summary>
    public static Node Softplus(this Node x, string? name = null) => new(new SoftplusOp(), [x], name);

    /// <summary>x/6 + 1/2, at least 0 and at most 1 (Howard et al. 2019).</summary>
    public static Node HardSigmoid(this Node x, string? name = null) => new(new HardSigmoidOp(), [x], name);

    /// <summary>The largest of each group of <paramref name="pieces"/> neighbouring channels (Goodfellow et al. 2013). Output: C/pieces×… .</summary>
    /// <exception cref="ShapeException">The groups do not divide the channels.</exception>
    public static Node Maxout(this Node x, int pieces, string? name = null) => new(new MaxoutOp { Pieces = pieces }, [x], name);
}

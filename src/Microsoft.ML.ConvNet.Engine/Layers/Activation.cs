using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Activation functions. They keep the shape.</summary>
public static class Activation
{
    /// <summary>max(x, 0) (Nair &amp; Hinton 2010).</summary>
    public static Node Relu(this Node x, string? name = null) => new(new ReluOp(), [x], name);

    /// <summary>x for positive x, slope·x otherwise (Maas, Hannun &amp; Ng 2013).</summary>
    public static Node LeakyRelu(this Node x, float slope = 0.01f, string? name = null) => new(new LeakyReluOp { Slope = slope }, [x], name);

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public static Node Sigmoid(this Node x, string? name = null) => new(new SigmoidOp(), [x], name);

    /// <summary>The hyperbolic tangent.</summary>
    public static Node Tanh(this Node x, string? name = null) => new(new TanhOp(), [x], name);

    /// <summary>e^x / Σ e^x over the channels: a probability for each class.</summary>
    public static Node Softmax(this Node x, string? name = null) => new(new SoftmaxOp(), [x], name);
}

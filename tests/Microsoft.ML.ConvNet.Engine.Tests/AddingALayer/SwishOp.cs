using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.AddingALayer;

/// <summary>x/(1 + e^(−β·x)) (Ramachandran, Zoph &amp; Le 2017, Searching for activation functions, section 4).</summary>
[Op("Swish")]
public sealed record SwishOp : UnaryOp
{
    /// <summary>β: 0 gives x/2, and large numbers give the ReLU.</summary>
    public float Beta { get; init; } = 1;

    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => x / (T.One + T.Exp(-T.CreateChecked(Beta) * x));

    /// <inheritdoc/>
    public override T Derivative<T>(T value)
    {
        var beta = T.CreateChecked(Beta);
        var sigmoid = T.One / (T.One + T.Exp(-beta * value));
        return sigmoid * (T.One + (beta * value * (T.One - sigmoid)));
    }
}

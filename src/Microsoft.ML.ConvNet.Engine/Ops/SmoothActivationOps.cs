namespace Microsoft.ML.ConvNet.Ops;

/// <summary>x for positive x, α·(eˣ − 1) otherwise (Clevert, Unterthiner &amp; Hochreiter 2016).</summary>
[Op("Elu")]
public sealed record EluOp : UnaryOp
{
    /// <summary>α, which the function tends to below zero; not negative.</summary>
    public float Alpha { get; init; } = 1;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => x > T.Zero ? x : T.CreateChecked(Alpha) * T.ExpM1(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value > T.Zero ? T.One : value + T.CreateChecked(Alpha);

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => FormattableString.Invariant($"α {Alpha}");
}

/// <summary>λ·ELU with the α and λ that keep mean 0 and variance 1 (Klambauer et al. 2017, equation 2).</summary>
[Op("Selu")]
public sealed record SeluOp : UnaryOp
{
    /// <summary>α.</summary>
    public const float Alpha = 1.67326324f;

    /// <summary>λ.</summary>
    public const float Scale = 1.05070099f;

    /// <inheritdoc/>
    public override T Apply<T>(T x)
        => T.CreateChecked(Scale) * (x > T.Zero ? x : T.CreateChecked(Alpha) * T.ExpM1(x));

    /// <inheritdoc/>
    public override T Derivative<T>(T value)
        => value > T.Zero ? T.CreateChecked(Scale) : value + (T.CreateChecked(Scale) * T.CreateChecked(Alpha));
}

/// <summary>x·Φ(x) with the normal distribution's Φ, or its approximation with tanh (Hendrycks &amp; Gimpel 2016).</summary>
[Op("Gelu")]
public sealed record GeluOp : UnaryOp
{
    /// <summary>Whether to use x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).</summary>
    public bool Approximate { get; init; }

    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => x * Share(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value)
    {
        var (x, half) = (value, T.CreateChecked(0.5));
        if (!Approximate)
            return Share(x) + (x * T.Exp(-half * x * x) / T.Sqrt(T.CreateChecked(2) * T.Pi));
        var tanh = T.Tanh(Inner(x));
        var slope = Root<T>() * (T.One + (T.CreateChecked(3 * 0.044715) * x * x));
        return (half * (T.One + tanh)) + (half * x * (T.One - (tanh * tanh)) * slope);
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => Approximate ? "tanh approximation" : "";

    /// <summary>Φ(x) or its approximation.</summary>
    private T Share<T>(T x) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var half = T.CreateChecked(0.5);
        return half * (T.One + (Approximate
            ? T.Tanh(Inner(x))
            : T.CreateChecked(ErrorFunction.Erf(double.CreateChecked(x) / Math.Sqrt(2)))));
    }

    private static T Inner<T>(T x) where T : System.Numerics.IFloatingPointIeee754<T>
        => Root<T>() * (x + (T.CreateChecked(0.044715) * x * x * x));

    private static T Root<T>() where T : System.Numerics.IFloatingPointIeee754<T> => T.Sqrt(T.CreateChecked(2) / T.Pi);
}

/// <summary>x/(1 + e⁻ˣ), also called swish (Elfwing, Uchibe &amp; Doya 2018).</summary>
[Op("Silu")]
public sealed record SiluOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => x / (T.One + T.Exp(-x));

    /// <inheritdoc/>
    public override T Derivative<T>(T value)
    {
        var sigmoid = T.One / (T.One + T.Exp(-value));
        return sigmoid * (T.One + (value * (T.One - sigmoid)));
    }
}

/// <summary>ln(1 + eˣ), a smooth ReLU (Dugas et al. 2001).</summary>
[Op("Softplus")]
public sealed record SoftplusOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Max(x, T.Zero) + T.LogP1(T.Exp(-T.Abs(x)));

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => T.One / (T.One + T.Exp(-value));
}

/// <summary>x/6 + 1/2 between −3 and 3, 0 below and 1 above (Howard et al. 2019, section 5.2).</summary>
[Op("HardSigmoid")]
public sealed record HardSigmoidOp : UnaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Clamp((x / T.CreateChecked(6)) + T.CreateChecked(0.5), T.Zero, T.One);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value > T.Zero && value < T.One ? T.One / T.CreateChecked(6) : T.Zero;
}

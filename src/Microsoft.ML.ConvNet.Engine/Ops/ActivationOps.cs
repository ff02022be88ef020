namespace Microsoft.ML.ConvNet.Ops;

/// <summary>max(x, 0) (Nair &amp; Hinton 2010).</summary>
[Op("Relu")]
public sealed record ReluOp : UnaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T x) => x < T.Zero ? T.Zero : x;

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value > T.Zero ? T.One : T.Zero;
}

/// <summary>x for positive x, slope·x otherwise (Maas, Hannun &amp; Ng 2013).</summary>
[Op("LeakyRelu")]
public sealed record LeakyReluOp : UnaryOp
{
    /// <summary>The slope below zero.</summary>
    public float Slope { get; init; } = 0.01f;

    /// <inheritdoc/>
    public override bool DerivativeOfOutput => Slope > 0;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => x < T.Zero ? T.CreateChecked(Slope) * x : x;

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value > T.Zero ? T.One : T.CreateChecked(Slope);

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => FormattableString.Invariant($"slope {Slope}");
}

/// <summary>x, at least a minimum and at most a maximum.</summary>
[Op("Clip")]
public sealed record ClipOp : UnaryOp
{
    /// <summary>The minimum.</summary>
    public float Minimum { get; init; }

    /// <summary>The maximum.</summary>
    public float Maximum { get; init; } = 6;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Clamp(x, T.CreateChecked(Minimum), T.CreateChecked(Maximum));

    /// <inheritdoc/>
    public override T Derivative<T>(T value)
        => value > T.CreateChecked(Minimum) && value < T.CreateChecked(Maximum) ? T.One : T.Zero;

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => FormattableString.Invariant($"{Minimum}…{Maximum}");
}

/// <summary>The logistic function 1/(1 + e⁻ˣ).</summary>
[Op("Sigmoid")]
public sealed record SigmoidOp : UnaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.One / (T.One + T.Exp(-x));

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value * (T.One - value);
}

/// <summary>The hyperbolic tangent.</summary>
[Op("Tanh")]
public sealed record TanhOp : UnaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Tanh(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => T.One - (value * value);
}

/// <summary>factor·x + offset, with constants.</summary>
[Op("Affine")]
public sealed record AffineOp : UnaryOp
{
    /// <summary>The factor.</summary>
    public float Factor { get; init; } = 1;

    /// <summary>The offset.</summary>
    public float Offset { get; init; }

    /// <inheritdoc/>
    public override T Apply<T>(T x) => (T.CreateChecked(Factor) * x) + T.CreateChecked(Offset);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => T.CreateChecked(Factor);

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => FormattableString.Invariant($"{Factor}·x + {Offset}");
}

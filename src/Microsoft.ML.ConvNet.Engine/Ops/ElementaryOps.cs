namespace Microsoft.ML.ConvNet.Ops;

/// <summary>eˣ.</summary>
[Op("Exp")]
public sealed record ExpOp : UnaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Exp(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value;
}

/// <summary>The natural logarithm.</summary>
[Op("Log")]
public sealed record LogOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Log(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => T.One / value;
}

/// <summary>√x.</summary>
[Op("Sqrt")]
public sealed record SqrtOp : UnaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Sqrt(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => T.CreateChecked(0.5) / value;
}

/// <summary>|x|, with slope 0 at 0.</summary>
[Op("Abs")]
public sealed record AbsOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Abs(x);

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => value > T.Zero ? T.One : value < T.Zero ? -T.One : T.Zero;
}

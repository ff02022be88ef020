namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Upsampling with zeros: each input stands at the first place of its block of <see cref="Factors"/>, and all other places are 0 ("bed of
/// nails": Li, Johnson &amp; Yeung 2017, CS231n, lecture 11).
/// </summary>
[Op("BedOfNails")]
public sealed record BedOfNailsOp : ResampleOp
{
    /// <summary>By what each spatial axis grows.</summary>
    public required Shape Factors { get; init; }

    /// <inheritdoc/>
    public override AxisMap Map(int input, int output)
        => new(input, output, o => o % (output / input) == 0 ? [new AxisTap(o / (output / input), 1)] : []);

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new BedOfNailsGradientOp { Forward = this, InputShape = context.Input(0).Shape }, context.OutputGradient));

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"by {Factors}";

    private protected override int SpatialAxes => Factors.Rank;

    private protected override int Extent(int axis, int input) => Grown(input, Factors[axis]);
}

/// <summary>dL/dx of upsampling with zeros: the gradients at the first places of the blocks. Input: dy.</summary>
[Op("BedOfNailsGradient")]
public sealed record BedOfNailsGradientOp : ResampleGradientOp
{
    /// <summary>The upsampling.</summary>
    public required BedOfNailsOp Forward { get; init; }

    private protected override ResampleOp Resampling => Forward;
}

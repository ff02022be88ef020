namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Means under windows that make an output of a given size: along each axis, window i of n covers ⌊i·input/n⌋ … ⌈(i+1)·input/n⌉ − 1, as in
/// PyTorch. Windows may overlap by one element.
/// </summary>
[Op("AdaptiveAveragePool")]
public sealed record AdaptiveAveragePoolOp : ResampleOp
{
    /// <summary>The spatial extents of the output.</summary>
    public required Shape Size { get; init; }

    /// <inheritdoc/>
    public override AxisMap Map(int input, int output) => new(input, output, o =>
    {
        var (start, end) = ((int)((long)o * input / output), (int)((((long)(o + 1) * input) + output - 1) / output));
        return Enumerable.Range(start, end - start).Select(i => new AxisTap(i, 1.0 / (end - start)));
    });

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(
            new AdaptiveAveragePoolGradientOp { Forward = this, InputShape = context.Input(0).Shape }, context.OutputGradient));

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"to {Size}";

    private protected override int SpatialAxes => Size.Rank;

    private protected override int Extent(int axis, int input) => Size[axis];
}

/// <summary>dL/dx of adaptive average pooling: each output's gradient is shared out evenly. Input: dy.</summary>
[Op("AdaptiveAveragePoolGradient")]
public sealed record AdaptiveAveragePoolGradientOp : ResampleGradientOp
{
    /// <summary>The pooling.</summary>
    public required AdaptiveAveragePoolOp Forward { get; init; }

    private protected override ResampleOp Resampling => Forward;
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// (x − mean)/√(variance + ε) over each group of channels of each sample by itself (Wu &amp; He 2018, equation 1). One group is layer
/// normalisation, a group for each channel is instance normalisation. Keeps the shape.
/// </summary>
[Op("GroupNormalize")]
public sealed record GroupNormalizeOp : Op
{
    /// <summary>The number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        var channels = inputs[0].Shape.C;
        if (Groups < 1 || channels % Groups != 0)
            throw inputs.Error($"{Groups} groups do not divide {channels} channels");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new GroupNormalizeGradientOp { Groups = Groups, Epsilon = Epsilon }, context.Input(0), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var length = call.OutputType.Shape.Length / Groups;
        for (var start = 0; start < call.Output.Length; start += length)
        {
            var x = call.Input(0).Slice(start, length);
            var (mean, inverse) = Statistics(x, Epsilon);
            for (var i = 0; i < length; i++)
                call.Output[start + i] = (x[i] - mean) * inverse;
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{Groups} {(Groups == 1 ? "group" : "groups")}";

    /// <summary>The mean, and 1/√(variance + ε).</summary>
    internal static (T Mean, T Inverse) Statistics<T>(ReadOnlySpan<T> x, float epsilon) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var count = T.CreateChecked(x.Length);
        var (mean, variance) = (T.Zero, T.Zero);
        foreach (var value in x)
            mean += value / count;
        foreach (var value in x)
            variance += (value - mean) * (value - mean) / count;
        return (mean, T.One / T.Sqrt(variance + T.CreateChecked(epsilon)));
    }
}

/// <summary>
/// dL/dx = (dy − (Σ dy + x̂·Σ dy·x̂)/count)/σ of a group normalisation. Inputs: x and dy.
/// </summary>
[Op("GroupNormalizeGradient")]
public sealed record GroupNormalizeGradientOp : Op
{
    /// <summary>The number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, inputs[0], "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var length = call.OutputType.Shape.Length / Groups;
        var count = T.CreateChecked(length);
        for (var start = 0; start < call.Output.Length; start += length)
        {
            var x = call.Input(0).Slice(start, length);
            var dY = call.Input(1).Slice(start, length);
            var (mean, inverse) = GroupNormalizeOp.Statistics(x, Epsilon);
            var (sum, product) = (T.Zero, T.Zero);
            for (var i = 0; i < length; i++)
            {
                sum += dY[i];
                product += dY[i] * (x[i] - mean) * inverse;
            }

            for (var i = 0; i < length; i++)
                call.Output[start + i] = inverse * (dY[i] - ((sum + ((x[i] - mean) * inverse * product)) / count));
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{Groups} {(Groups == 1 ? "group" : "groups")}";
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// y = x/s^β with s = k + α/n·Σ x² over the n channels around each channel, at each place by itself (Krizhevsky, Sutskever &amp;
/// Hinton 2012, section 3.3, with PyTorch's α/n). Keeps the shape.
/// </summary>
[Op("LocalResponseNorm")]
public sealed record LocalResponseNormOp : Op
{
    /// <summary>n, the channels of a sum: ⌊n/2⌋ before, the channel itself, and ⌊(n − 1)/2⌋ after.</summary>
    public required int Channels { get; init; }

    /// <summary>α.</summary>
    public float Alpha { get; init; } = 1e-4f;

    /// <summary>β.</summary>
    public float Beta { get; init; } = 0.75f;

    /// <summary>k.</summary>
    public float K { get; init; } = 1;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        if (Channels < 1 || !(K > 0))
            throw inputs.Error($"it needs at least 1 channel and k above 0, not {Channels} and {K}");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new LocalResponseNormGradientOp { Forward = this }, context.Input(0), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var shape = call.OutputType.Shape;
        for (var i = 0; i < call.Output.Length; i++)
            call.Output[i] = call.Input(0)[i] * T.Pow(Sum(call.Input(0), i, shape), -T.CreateChecked(Beta));
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{Channels} channels";

    /// <summary>s of one element.</summary>
    internal T Sum<T>(ReadOnlySpan<T> x, int index, Shape shape) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var c = index / shape.Plane % shape.C;
        var sum = T.Zero;
        for (var other = Math.Max(0, c - (Channels / 2)); other <= Math.Min(shape.C - 1, c + ((Channels - 1) / 2)); other++)
        {
            var value = x[index + ((other - c) * shape.Plane)];
            sum += value * value;
        }

        return T.CreateChecked(K) + (T.CreateChecked(Alpha) / T.CreateChecked(Channels) * sum);
    }
}

/// <summary>
/// dL/dx of a local response normalisation: dy/s^β − 2·α·β/n·x·Σ dy·x/s^(β+1) over the channels whose sums the channel is in.
/// Inputs: x and dy.
/// </summary>
[Op("LocalResponseNormGradient")]
public sealed record LocalResponseNormGradientOp : Op
{
    /// <summary>The normalisation.</summary>
    public required LocalResponseNormOp Forward { get; init; }

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
        var x = call.Input(0);
        var dY = call.Input(1);
        var shape = call.OutputType.Shape;
        var (n, beta) = (Forward.Channels, T.CreateChecked(Forward.Beta));
        var factor = T.CreateChecked(2 * Forward.Alpha) * beta / T.CreateChecked(n);
        for (var i = 0; i < call.Output.Length; i++)
        {
            var c = i / shape.Plane % shape.C;
            var sum = T.Zero;
            for (var other = Math.Max(0, c - ((n - 1) / 2)); other <= Math.Min(shape.C - 1, c + (n / 2)); other++)
            {
                var j = i + ((other - c) * shape.Plane);
                sum += dY[j] * x[j] * T.Pow(Forward.Sum(x, j, shape), -beta - T.One);
            }

            call.Output[i] = (dY[i] * T.Pow(Forward.Sum(x, i, shape), -beta)) - (factor * x[i] * sum);
        }
    }
}

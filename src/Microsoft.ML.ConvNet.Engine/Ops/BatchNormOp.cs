using System.Text.Json.Serialization;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Batch normalisation (Ioffe &amp; Szegedy 2015, algorithm 1): each channel is shifted and scaled to mean 0 and variance 1,
/// then to a trained mean and scale. In training the statistics are those of the batch, and the running statistics
/// follow them; in inference they are the running statistics. Inputs: x, scale γ (C), shift β (C), and the running
/// statistics (2×C: means, variances).
/// </summary>
[Op("BatchNorm")]
public sealed record BatchNormOp : Op
{
    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>The share of the batch in the running statistics, as in PyTorch: running ← (1 − m)·running + m·batch.</summary>
    public float Momentum { get; init; } = 0.1f;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(4);
        return InferenceOp.Infer(inputs);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call) => InferenceOp.Reference(call);

    /// <inheritdoc/>
    public override Node Lower(LoweringContext context)
    {
        var (x, scale, shift, running) = (context.Input(0), context.Input(1), context.Input(2), context.Input(3));
        if (context.Mode == Mode.Inference)
            return context.New(InferenceOp, x, scale, shift, running);
        var statistics = context.New(new BatchStatisticsOp(), x);
        context.Update(running, context.New(new RunningStatisticsOp { Momentum = Momentum, Plane = x.Shape.Plane }, running, statistics));
        return context.New(InferenceOp with { OfBatch = true }, x, scale, shift, statistics);
    }

    private NormalizeOp InferenceOp => new() { Epsilon = Epsilon };
}

/// <summary>The mean and the biased variance of each channel over all samples and places. Input: x; output: 2×C.</summary>
[Op("BatchStatistics")]
public sealed record BatchStatisticsOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        return new TensorType([2, inputs[0].Shape.C], Batched: false);
    }

    /// <summary>The statistics have no gradient of their own: <see cref="NormalizeInputGradientOp"/> includes it.</summary>
    public override void Gradient(GradientContext context) { }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var statistics = call.Output;
        var shape = call.InputTypes[0].Shape;
        var count = T.CreateChecked(call.Batch * shape.Plane);
        statistics.Clear();
        var mean = statistics[..shape.C];
        var variance = statistics[shape.C..];
        for (var i = 0; i < x.Length; i++)
            mean[i / shape.Plane % shape.C] += x[i] / count;
        for (var i = 0; i < x.Length; i++)
        {
            var c = i / shape.Plane % shape.C;
            variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / count;
        }
    }
}

/// <summary>
/// The running statistics after a batch: (1 − m)·running + m·batch, with the unbiased variance of the batch as in
/// PyTorch. Inputs: the running statistics and those of the batch (both 2×C).
/// </summary>
[Op("RunningStatistics")]
public sealed record RunningStatisticsOp : Op
{
    /// <summary>The share of the batch.</summary>
    public required float Momentum { get; init; }

    /// <summary>The number of places of one channel of one sample.</summary>
    public required int Plane { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, inputs[0], "batch statistics");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var running = call.Input(0);
        var batch = call.Input(1);
        var result = call.Output;
        var momentum = T.CreateChecked(Momentum);
        for (var i = 0; i < result.Length; i++)
        {
            var unbias = i < result.Length / 2 ? T.One : T.CreateChecked(Unbias(call.Batch));
            result[i] = running[i] + (momentum * ((batch[i] * unbias) - running[i]));
        }
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input == 0;

    /// <summary>n/(n − 1) for n values of a channel; 1 for a single value, whose variance is zero in any case.</summary>
    public double Unbias(int batch) => (double)batch * Plane is var n && n > 1 ? n / (n - 1) : 1;
}

/// <summary>
/// y = γ·(x − mean)/√(variance + ε) + β for each channel. Inputs: x, γ (C), β (C), the statistics (2×C), and what a plan has fused in.
/// </summary>
[Op("Normalize")]
public sealed record NormalizeOp : Op
{
    /// <summary>Added to the variance.</summary>
    public required float Epsilon { get; init; }

    /// <summary>Whether the statistics are those of x itself, so that they count in its gradient.</summary>
    public bool OfBatch { get; init; }

    /// <summary>Whether a fifth input is added to the output: a shortcut that a plan has fused into the normalisation.</summary>
    [JsonIgnore]
    public bool Adds { get; init; }

    /// <summary>Whether negative outputs become zero, after the addition: a ReLU that a plan has fused into the normalisation.</summary>
    [JsonIgnore]
    public bool Relu { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(Adds ? 5 : 4);
        inputs.ExpectBatched(0);
        if (Adds)
            inputs.Expect(4, inputs[0], "addend");
        var channels = inputs[0].Shape.C;
        inputs.Expect(1, new TensorType([channels], false), "scale");
        inputs.Expect(2, new TensorType([channels], false), "shift");
        inputs.Expect(3, new TensorType([2, channels], false), "statistics");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        if (Adds || Relu)
            throw new NotSupportedException($"{Name} '{context.Node.Name}' cannot be differentiated after it was fused.");
        var (x, statistics, dY) = (context.Input(0), context.Input(3), context.OutputGradient);
        var sums = context.New(new NormalizeParameterGradientOp { Epsilon = Epsilon }, x, statistics, dY);
        if (context.Needs(0))
            context.Add(0, context.New(new NormalizeInputGradientOp { Epsilon = Epsilon, OfBatch = OfBatch }, x, context.Input(1), statistics, dY, sums));
        if (context.Needs(1))
            context.Add(1, Row(0));
        if (context.Needs(2))
            context.Add(2, Row(1));

        Node Row(int row)
            => context.New(new ReshapeOp { Shape = [x.Shape.C] }, context.New(new SliceOp { Axis = 0, Start = row, Length = 1 }, sums));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var scale = call.Input(1);
        var shift = call.Input(2);
        var statistics = call.Input(3);
        var y = call.Output;
        var shape = call.OutputType.Shape;
        for (var i = 0; i < y.Length; i++)
        {
            var c = i / shape.Plane % shape.C;
            y[i] = (scale[c] * (x[i] - statistics[c]) / T.Sqrt(statistics[shape.C + c] + T.CreateChecked(Epsilon))) + shift[c];
            if (Adds)
                y[i] += call.Input(4)[i];
            if (Relu)
                y[i] = T.Max(y[i], T.Zero);
        }
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input is 0 or 4;
}

/// <summary>
/// dL/dγ = Σ dy·x̂ and dL/dβ = Σ dy of a normalisation, where x̂ = (x − mean)/√(variance + ε). Inputs: x, the statistics
/// and dy, and with <see cref="Relu"/> γ and β; output: 2×C.
/// </summary>
[Op("NormalizeParameterGradient")]
public sealed record NormalizeParameterGradientOp : Op
{
    /// <summary>Added to the variance.</summary>
    public required float Epsilon { get; init; }

    /// <summary>Whether dy is that of a ReLU after the normalisation, which is positive where γ·x̂ + β is.</summary>
    [JsonIgnore]
    public bool Relu { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(Relu ? 5 : 3);
        inputs.Expect(2, inputs[0], "output gradient");
        return inputs[1];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var statistics = call.Input(1);
        var dY = call.Input(2);
        var sums = call.Output;
        var shape = call.InputTypes[0].Shape;
        sums.Clear();
        for (var i = 0; i < x.Length; i++)
        {
            var c = i / shape.Plane % shape.C;
            var normalized = (x[i] - statistics[c]) / T.Sqrt(statistics[shape.C + c] + T.CreateChecked(Epsilon));
            if (Relu && (call.Input(3)[c] * normalized) + call.Input(4)[c] <= T.Zero)
                continue;
            sums[c] += dY[i] * normalized;
            sums[shape.C + c] += dY[i];
        }
    }
}

/// <summary>
/// dL/dx of a normalisation: γ/σ · dy where the statistics are given, and γ/σ · (dy − (Σ dy + x̂·Σ dy·x̂)/count) where they
/// are those of x itself (Ioffe &amp; Szegedy 2015, section 3, solved for dx). Inputs: x, γ, the statistics, dy, the
/// parameter gradients, and with <see cref="Relu"/> β.
/// </summary>
[Op("NormalizeInputGradient")]
public sealed record NormalizeInputGradientOp : Op
{
    /// <summary>Added to the variance.</summary>
    public required float Epsilon { get; init; }

    /// <summary>Whether the statistics are those of x itself.</summary>
    public required bool OfBatch { get; init; }

    /// <summary>Whether dy is that of a ReLU after the normalisation, which is positive where γ·x̂ + β is.</summary>
    [JsonIgnore]
    public bool Relu { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(Relu ? 6 : 5);
        inputs.Expect(3, inputs[0], "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var scale = call.Input(1);
        var statistics = call.Input(2);
        var dY = call.Input(3);
        var sums = call.Input(4);
        var dX = call.Output;
        var shape = call.OutputType.Shape;
        var count = T.CreateChecked(call.Batch * shape.Plane);
        for (var i = 0; i < dX.Length; i++)
        {
            var c = i / shape.Plane % shape.C;
            var inverse = T.One / T.Sqrt(statistics[shape.C + c] + T.CreateChecked(Epsilon));
            var normalized = (x[i] - statistics[c]) * inverse;
            var gradient = Relu && (scale[c] * normalized) + call.Input(5)[c] <= T.Zero ? T.Zero : dY[i];
            var centred = OfBatch ? gradient - ((sums[shape.C + c] + (normalized * sums[c])) / count) : gradient;
            dX[i] = scale[c] * inverse * centred;
        }
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input is 0 or 3;
}

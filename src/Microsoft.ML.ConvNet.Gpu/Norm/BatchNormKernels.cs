using ILGPU;
using ILGPU.Algorithms;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Batch normalisation and its gradients. Idea: statistics and parameter gradients are sums of channels (<see cref="ChannelSums"/>); all else is one thread an
/// element. x̂ is not kept but computed again from x, and so is the sign of a fused ReLU.
/// </summary>
public static class BatchNormKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape> _statistics = Statistics;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, RunningMix> _mix = Mix;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape> _affine = Affine;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape> _parameterGradients = ParameterGradients;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var x = signature.Inputs[0].Shape;
        switch (signature.Op)
        {
            case BatchStatisticsOp:
                {
                    var (sum, statistics) = (ChannelSums.Load(kernels), kernels.Each(_statistics));
                    return kernels.Step(
                        "batch statistics",
                        call =>
                        {
                            var shape = ChannelShape.Of(x, call);
                            var (input, parts) = (call.Input(0), call.Workspace(2L * shape.Splits * shape.Channels));
                            sum(shape.Launch, input, input, input, parts, shape, new(ChannelSums.OfStatistics));
                            statistics(x.C, input, parts, call.Output(), shape);
                        },
                        PartsLength(x, signature.MaxBatch));
                }

            case RunningStatisticsOp op:
                {
                    var mix = kernels.Each(_mix);
                    return kernels.Step("running statistics", call => mix(
                        call.Count(), call.Input(0), call.Input(1), call.Output(),
                        new RunningMix { Momentum = op.Momentum, Unbias = (float)op.Unbias(call.Batch), Channels = call.Count() / 2 }));
                }

            case NormalizeParameterGradientOp op:
                {
                    var (sum, affine, gradients) = (ChannelSums.Load(kernels), kernels.Each(_affine), kernels.Each(_parameterGradients));
                    return kernels.Step(
                        "parameter gradients",
                        call =>
                        {
                            var shape = ChannelShape.Of(x, call, op.Epsilon);
                            var partsLength = 2L * shape.Splits * shape.Channels;
                            var workspace = call.Workspace(partsLength + (3 * shape.Channels));
                            var (parts, values) = (workspace.SubView(0, partsLength), call.Input(1));
                            if (op.Relu)
                            {
                                values = workspace.SubView(partsLength, 3 * shape.Channels);
                                affine(x.C, call.Input(1), call.Input(3), call.Input(4), values, shape);
                            }

                            sum(shape.Launch, call.Input(0), call.Input(2), values, parts, shape, new(op.Relu ? ChannelSums.OfGradientsAfterRelu : ChannelSums.OfGradients));
                            gradients(x.C, call.Input(1), parts, call.Output(), shape);
                        },
                        PartsLength(x, signature.MaxBatch) + (3 * x.C));
                }

            default:
                return null;
        }
    }

    /// <summary>Mean and biased variance of one channel.</summary>
    public static void Statistics(Index1D channel, ArrayView<float> x, ArrayView<float> parts, ArrayView<float> statistics, ChannelShape shape)
    {
        var distance = ChannelSums.Total(parts, shape, channel, 0) / shape.Terms;
        var variance = (ChannelSums.Total(parts, shape, channel, 1) / shape.Terms) - (distance * distance);
        statistics[channel] = ChannelSums.Shift(x, shape, channel) + distance;
        statistics[shape.Channels + channel] = variance > 0f ? variance : 0f;
    }

    /// <summary>running + m·(batch − running), with the unbiased variance.</summary>
    public static void Mix(Index1D i, ArrayView<float> running, ArrayView<float> batch, ArrayView<float> result, RunningMix mix)
        => result[i] = running[i] + (mix.Momentum * ((i < mix.Channels ? batch[i] : batch[i] * mix.Unbias) - running[i]));

    /// <summary>The mean, γ/σ and β of one channel, side by side.</summary>
    public static void Affine(
        Index1D channel, ArrayView<float> statistics, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> affine, ChannelShape shape)
    {
        affine[channel] = statistics[channel];
        affine[shape.Channels + channel] = scale[channel] / XMath.Sqrt(statistics[shape.Channels + channel] + shape.Epsilon);
        affine[(2 * shape.Channels) + channel] = shift[channel];
    }

    /// <summary>dL/dγ and dL/dβ of one channel.</summary>
    public static void ParameterGradients(Index1D channel, ArrayView<float> statistics, ArrayView<float> parts, ArrayView<float> sums, ChannelShape shape)
    {
        var inverse = 1f / XMath.Sqrt(statistics[shape.Channels + channel] + shape.Epsilon);
        sums[channel] = ChannelSums.Total(parts, shape, channel, 0) * inverse;
        sums[shape.Channels + channel] = ChannelSums.Total(parts, shape, channel, 1);
    }

    private static long PartsLength(Shape x, int maxBatch)
        => Enumerable.Range(1, maxBatch).Max(batch => 2L * ChannelShape.Of(x, batch).Splits * x.C);
}

/// <summary>How batch statistics join the running ones.</summary>
public struct RunningMix
{
    /// <summary>The share of the batch, and what makes a biased variance unbiased.</summary>
    public float Momentum, Unbias;

    /// <summary>The number of means, after which the variances begin.</summary>
    public int Channels;
}

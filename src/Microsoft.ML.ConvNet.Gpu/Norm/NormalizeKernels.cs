using ILGPU;
using ILGPU.Algorithms;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Normalisation with given statistics, what is fused into it, and its input gradient. Idea: one thread an element; the numbers of its channel are read again
/// by each thread, from caches. Both may run in place.
/// </summary>
public static class NormalizeKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Normalization> _normalize = Normalize;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Normalization> _inputGradient = InputGradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var shape = signature.Output.Shape;
        switch (signature.Op)
        {
            case BatchNormOp op:
                return Forward(new NormalizeOp { Epsilon = op.Epsilon });

            case NormalizeOp op:
                return Forward(op);

            case NormalizeInputGradientOp op:
                var gradient = kernels.Each(_inputGradient);
                var ofBatch = op.OfBatch ? 1 : 0;
                return kernels.Step("normalisation", call => gradient(
                    call.Count(), call.Input(0), call.Input(1), op.Relu ? call.Input(5) : call.Input(1), call.Input(2), call.Input(3), call.Input(4), call.Output(),
                    new Normalization { Shape = ChannelShape.Of(shape, call.Batch, op.Epsilon), OfBatch = ofBatch, Relu = op.Relu ? 1 : 0 }));

            default:
                return null;
        }

        Kernel Forward(NormalizeOp op)
        {
            var normalize = kernels.Each(_normalize);
            return kernels.Step("normalisation", call => normalize(
                call.Count(), call.Input(0), call.Input(1), call.Input(2), call.Input(3), op.Adds ? call.Input(4) : call.Input(0), call.Output(),
                new Normalization { Shape = ChannelShape.Of(shape, call.Batch, op.Epsilon), Adds = op.Adds ? 1 : 0, Relu = op.Relu ? 1 : 0 }));
        }
    }

    /// <summary>y = γ·(x − mean)/√(variance + ε) + β, plus an addend, then ReLU.</summary>
    public static void Normalize(
        Index1D i, ArrayView<float> x, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> statistics, ArrayView<float> addend, ArrayView<float> y,
        Normalization normalization)
    {
        var shape = normalization.Shape;
        var channel = shape.ChannelOf(i);
        var inverse = 1f / XMath.Sqrt(statistics[shape.Channels + channel] + shape.Epsilon);
        var value = (scale[channel] * inverse * (x[i] - statistics[channel])) + shift[channel];
        if (normalization.Adds != 0)
            value += addend[i];
        y[i] = normalization.Relu != 0 && value < 0f ? 0f : value;
    }

    /// <summary>dX = γ/σ·dY, or γ/σ·(dY − (Σ dY + x̂·Σ dY·x̂)/terms) where the statistics are those of x.</summary>
    public static void InputGradient(
        Index1D i, ArrayView<float> x, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> statistics, ArrayView<float> dY, ArrayView<float> sums,
        ArrayView<float> dX, Normalization normalization)
    {
        var shape = normalization.Shape;
        var channel = shape.ChannelOf(i);
        var inverse = 1f / XMath.Sqrt(statistics[shape.Channels + channel] + shape.Epsilon);
        var normalized = (x[i] - statistics[channel]) * inverse;
        var gradient = normalization.Relu != 0 && (scale[channel] * normalized) + shift[channel] <= 0f ? 0f : dY[i];
        if (normalization.OfBatch != 0)
            gradient -= (sums[shape.Channels + channel] + (normalized * sums[channel])) / shape.Terms;
        dX[i] = scale[channel] * inverse * gradient;
    }
}

/// <summary>A normalisation and what is fused into it.</summary>
public struct Normalization
{
    /// <summary>The extents.</summary>
    public ChannelShape Shape;

    /// <summary>Whether the statistics are those of x, a tensor is added, and there is a ReLU: 1 or 0.</summary>
    public int OfBatch, Adds, Relu;
}

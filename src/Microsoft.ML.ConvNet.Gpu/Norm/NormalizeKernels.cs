using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Normalisation with given statistics, what is fused into it, and its input gradient. Idea: one thread an element, or four where planes are whole quads; the numbers of its channel are read again
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
                return kernels.Step("normalisation", call =>
                {
                    var channels = ChannelShape.Of(shape, call, op.Epsilon);
                    gradient(
                        call.Count() >> (2 * channels.Quads), call.Input(0), call.Input(1), op.Relu ? call.Input(5) : call.Input(1), call.Input(2), call.Input(3), call.Input(4), call.Output(),
                        new Normalization { Shape = channels, OfBatch = ofBatch, Relu = op.Relu ? 1 : 0 });
                });

            default:
                return null;
        }

        Kernel Forward(NormalizeOp op)
        {
            var normalize = kernels.Each(_normalize);
            return kernels.Step("normalisation", call =>
            {
                var channels = ChannelShape.Of(shape, call, op.Epsilon);
                normalize(
                    call.Count() >> (2 * channels.Quads), call.Input(0), call.Input(1), call.Input(2), call.Input(3), op.Adds ? call.Input(4) : call.Input(0), call.Output(),
                    new Normalization { Shape = channels, Adds = op.Adds ? 1 : 0, Relu = op.Relu ? 1 : 0 });
            });
        }
    }

    /// <summary>y = γ·(x − mean)/√(variance + ε) + β, plus an addend, then ReLU.</summary>
    public static void Normalize(
        Index1D i, ArrayView<float> x, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> statistics, ArrayView<float> addend, ArrayView<float> y,
        Normalization normalization)
    {
        var channel = normalization.Of(i, scale, shift, statistics);
        if (normalization.Shape.Quads == 0)
        {
            y[i] = channel.Normalize(x[i], normalization.Adds != 0 ? addend[i] : 0f, normalization);
            return;
        }

        var (values, addends) = (x.Quad(i), normalization.Adds != 0 ? addend.Quad(i) : default);
        y.Quad(i) = new Float4
        {
            X = channel.Normalize(values.X, addends.X, normalization),
            Y = channel.Normalize(values.Y, addends.Y, normalization),
            Z = channel.Normalize(values.Z, addends.Z, normalization),
            W = channel.Normalize(values.W, addends.W, normalization),
        };
    }

    /// <summary>dX = γ/σ·dY, or γ/σ·(dY − (Σ dY + x̂·Σ dY·x̂)/terms) where the statistics are those of x.</summary>
    public static void InputGradient(
        Index1D i, ArrayView<float> x, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> statistics, ArrayView<float> dY, ArrayView<float> sums,
        ArrayView<float> dX, Normalization normalization)
    {
        var channel = normalization.Of(i, scale, shift, statistics);
        if (normalization.OfBatch != 0)
        {
            channel.MeanOfProducts = sums[channel.Index] / normalization.Shape.Terms;
            channel.MeanOfGradients = sums[normalization.Shape.Channels + channel.Index] / normalization.Shape.Terms;
        }

        if (normalization.Shape.Quads == 0)
        {
            dX[i] = channel.Gradient(x[i], dY[i], normalization);
            return;
        }

        var (values, gradients) = (x.Quad(i), dY.Quad(i));
        dX.Quad(i) = new Float4
        {
            X = channel.Gradient(values.X, gradients.X, normalization),
            Y = channel.Gradient(values.Y, gradients.Y, normalization),
            Z = channel.Gradient(values.Z, gradients.Z, normalization),
            W = channel.Gradient(values.W, gradients.W, normalization),
        };
    }
}

/// <summary>A normalisation and what is fused into it.</summary>
public struct Normalization
{
    /// <summary>The extents.</summary>
    public ChannelShape Shape;

    /// <summary>Whether the statistics are those of x, a tensor is added, and there is a ReLU: 1 or 0.</summary>
    public int OfBatch, Adds, Relu;

    /// <summary>What is the same for all elements of the channel that a thread works on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly NormalizedChannel Of(int thread, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> statistics)
    {
        var channel = Shape.ChannelOf(Shape.Quads != 0 ? 4 * thread : thread);
        return new NormalizedChannel
        {
            Index = channel,
            Mean = statistics[channel],
            Inverse = 1f / XMath.Sqrt(statistics[Shape.Channels + channel] + Shape.Epsilon),
            Scale = scale[channel],
            Shift = shift[channel],
        };
    }
}

/// <summary>What is the same for all elements of a channel.</summary>
public struct NormalizedChannel
{
    /// <summary>The channel.</summary>
    public int Index;

    /// <summary>The mean, 1/σ, γ and β.</summary>
    public float Mean, Inverse, Scale, Shift;

    /// <summary>The means of dY·x̂ and of dY, or zeros.</summary>
    public float MeanOfProducts, MeanOfGradients;

    /// <summary>One element of y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Normalize(float x, float addend, Normalization normalization)
    {
        var value = (Scale * Inverse * (x - Mean)) + Shift + addend;
        return normalization.Relu != 0 && value < 0f ? 0f : value;
    }

    /// <summary>One element of dX.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(float x, float dY, Normalization normalization)
    {
        var normalized = (x - Mean) * Inverse;
        var gradient = normalization.Relu != 0 && (Scale * normalized) + Shift <= 0f ? 0f : dY;
        return Scale * Inverse * (gradient - MeanOfGradients - (normalized * MeanOfProducts));
    }
}

using ILGPU;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Activations that look at channels: PReLU and maxout, and their gradients. Idea: one thread an element.</summary>
public static class ChannelActivationKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, Divisor, Divisor> _prelu = PRelu;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Divisor, Divisor> _preluGradient = PReluGradient;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, Divisor, Divisor> _maxout = Maxout;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, Divisor, Divisor> _maxoutGradient = MaxoutGradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var (channels, plane) = (signature.Inputs[0].Shape.C, signature.Inputs[0].Shape.Plane);
        switch (signature.Op)
        {
            case PReluOp:
                var prelu = kernels.Each(_prelu);
                return kernels.Step("PReLU", call => prelu(call.Count(), call.Input(0), call.Input(1), call.Output(), channels, plane));

            case PReluGradientOp:
                var preluGradient = kernels.Each(_preluGradient);
                return kernels.Step("PReLU", call => preluGradient(call.Count(), call.Input(0), call.Input(1), call.Input(2), call.Output(), channels, plane));

            case MaxoutOp op:
                var maxout = kernels.Each(_maxout);
                return kernels.Step("maxout", call => maxout(call.Count(), call.Input(0), call.Output(), op.Pieces, plane));

            case MaxoutGradientOp op:
                var maxoutGradient = kernels.Each(_maxoutGradient);
                return kernels.Step("maxout", call => maxoutGradient(call.Count(), call.Input(0), call.Input(1), call.Output(), op.Pieces, plane));

            default:
                return null;
        }
    }

    /// <summary>x, or slope·x where x is not positive.</summary>
    public static void PRelu(Index1D i, ArrayView<float> x, ArrayView<float> slopes, ArrayView<float> y, Divisor channels, Divisor plane)
        => y[i] = x[i] > 0f ? x[i] : slopes[i / plane % channels] * x[i];

    /// <summary>dY, or slope·dY where x is not positive.</summary>
    public static void PReluGradient(Index1D i, ArrayView<float> x, ArrayView<float> slopes, ArrayView<float> dY, ArrayView<float> dX, Divisor channels, Divisor plane)
        => dX[i] = x[i] > 0f ? dY[i] : slopes[i / plane % channels] * dY[i];

    /// <summary>The largest of a group of channels.</summary>
    public static void Maxout(Index1D i, ArrayView<float> x, ArrayView<float> y, Divisor pieces, Divisor plane) => y[i] = x[Largest(x, i, pieces, plane)];

    /// <summary>dY where the element is the largest of its group, else 0.</summary>
    public static void MaxoutGradient(Index1D i, ArrayView<float> x, ArrayView<float> dY, ArrayView<float> dX, Divisor pieces, Divisor plane)
    {
        var output = (i / plane / pieces * plane) + (i % plane);
        dX[i] = Largest(x, output, pieces, plane) == i ? dY[output] : 0f;
    }

    /// <summary>The first of the largest elements of the group of an output.</summary>
    private static int Largest(ArrayView<float> x, int output, Divisor pieces, Divisor plane)
    {
        var first = (output / plane * pieces * plane) + (output % plane);
        var best = first;
        for (var piece = 1; piece < pieces; piece++)
        {
            if (x[first + (piece * plane)] > x[best])
                best = first + (piece * plane);
        }

        return best;
    }
}

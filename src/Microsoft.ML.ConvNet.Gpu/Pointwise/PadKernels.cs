using ILGPU;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Padding along one axis and its adjoint. Idea: one thread an element; which element a padded place is a copy of follows from the mode, and the
/// gradient of an element gathers from its own place and from those padded places that are copies of it.
/// </summary>
public static class PadKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, PaddedAxis> _pad = Pad;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, PaddedAxis> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case PadOp op:
                var (padded, pad) = (AxisOf(signature.Inputs[0].Shape, op.Axis, op.Before, op.After, op.Mode), kernels.Each(_pad));
                return kernels.Step("pad", call => pad(call.Count(), call.Input(0), call.Output(), padded));

            case PadGradientOp op:
                var (axis, gradient) = (AxisOf(signature.Output.Shape, op.Axis, op.Before, op.After, op.Mode), kernels.Each(_gradient));
                return kernels.Step("pad", call => gradient(call.Count(), call.Input(0), call.Output(), axis));

            default:
                return null;
        }
    }

    /// <summary>One element of y.</summary>
    public static void Pad(Index1D i, ArrayView<float> x, ArrayView<float> y, PaddedAxis axis)
    {
        var row = i / axis.Inner;
        var outer = row / axis.PaddedLength;
        var source = axis.SourceOf(row - (outer * axis.PaddedLength));
        y[i] = source < 0 ? 0f : x[(((outer * axis.Length) + source) * axis.Inner) + i - (row * axis.Inner)];
    }

    /// <summary>One element of dX.</summary>
    public static void Gradient(Index1D i, ArrayView<float> dY, ArrayView<float> dX, PaddedAxis axis)
    {
        var row = i / axis.Inner;
        var outer = row / axis.Length;
        var element = row - (outer * axis.Length);
        var column = (outer * axis.PaddedLength * axis.Inner) + i - (row * axis.Inner);
        var sum = dY[column + ((axis.Before + element) * axis.Inner)];
        for (var place = 0; place < axis.PaddedLength; place++)
        {
            // The axis itself lies in the middle, and is skipped.
            if (place == axis.Before)
                place += axis.Length;
            if (place < axis.PaddedLength && axis.SourceOf(place) == element)
                sum += dY[column + (place * axis.Inner)];
        }

        dX[i] = sum;
    }

    private static PaddedAxis AxisOf(Shape x, int axis, int before, int after, PaddingMode mode)
        => new() { Inner = Strided.Steps(x)[axis], Length = x[axis], PaddedLength = before + x[axis] + after, Before = before, Mode = (int)mode };
}

/// <summary>An axis and what is around it.</summary>
public struct PaddedAxis
{
    /// <summary>The elements of all axes after this one, and its length without and with padding.</summary>
    public Divisor Inner, Length, PaddedLength;

    /// <summary>The padding before the axis, and the mode.</summary>
    public int Before, Mode;

    /// <summary>The element that a padded place is; negative for zero.</summary>
    public readonly int SourceOf(int padded)
    {
        var place = padded - Before;
        var (isBefore, isAfter) = (place < 0, place >= Length);
        if (!isBefore && !isAfter)
            return place;
        return Mode switch
        {
            (int)PaddingMode.Replicate => isBefore ? 0 : Length - 1,
            (int)PaddingMode.Reflect => isBefore ? -place : (2 * (Length - 1)) - place,
            (int)PaddingMode.Circular => isBefore ? place + Length : place - Length,
            _ => -1,
        };
    }
}

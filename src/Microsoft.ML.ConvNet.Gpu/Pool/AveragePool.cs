using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Average pooling and its gradient. Idea: one thread an output, and one an element of dX that gathers from the windows that see it. What a window is
/// divided by is the product of how many taps count along each axis, which follows from where it lies.
/// </summary>
public static class AveragePool
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, AveragePooling, SpecializedValue<WindowShape>> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, AveragePooling, SpecializedValue<WindowShape>> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case AveragePoolOp op:
                {
                    var (pooling, forward) = (PoolingOf(op, signature.Inputs[0].Shape, signature.Output.Shape), kernels.Each(_forward));
                    return kernels.Step("average pooling", call => forward(call.Count(), call.Input(0), call.Output(), pooling, SpecializedValue.New(WindowShape.Of(op.Window))));
                }

            case AveragePoolGradientOp { Forward: var op }:
                {
                    var (pooling, gradient) = (PoolingOf(op, signature.Output.Shape, signature.Inputs[0].Shape), kernels.Each(_gradient));
                    return kernels.Step("average pooling", call => gradient(call.Count(), call.Input(0), call.Output(), pooling, SpecializedValue.New(WindowShape.Of(op.Window))));
                }

            default:
                return null;
        }
    }

    /// <summary>The mean under one window.</summary>
    public static void Forward(Index1D i, ArrayView<float> x, ArrayView<float> y, AveragePooling pooling, SpecializedValue<WindowShape> window)
    {
        var geometry = pooling.Geometry;
        var plane = i / geometry.OutPlane;
        var place = geometry.Place(i - (plane * geometry.OutPlane), window.Value);
        var taps = window.Value.Taps;
        var sum = 0f;
        for (var tap = 0; tap < taps; tap++)
            sum += geometry.Read(x, plane * geometry.Plane, place, WindowGeometry.Tap(tap, window.Value), window.Value);
        y[i] = sum / pooling.Divisor(place, window.Value);
    }

    /// <summary>One element of dX.</summary>
    public static void Gradient(Index1D i, ArrayView<float> dY, ArrayView<float> dX, AveragePooling pooling, SpecializedValue<WindowShape> window)
    {
        var geometry = pooling.Geometry;
        var plane = i / geometry.Plane;
        var element = geometry.Element(i - (plane * geometry.Plane));
        var windows = window.Value.Seen;
        var sum = 0f;
        for (var candidate = 0; candidate < windows; candidate++)
        {
            var output = geometry.Seen(0, element, candidate, window.Value).Window;
            if (output >= 0)
                sum += dY[(plane * geometry.OutPlane) + output] / pooling.Divisor(geometry.Place(output, window.Value), window.Value);
        }

        dX[i] = sum;
    }

    private static AveragePooling PoolingOf(AveragePoolOp op, Shape x, Shape y)
    {
        var (before, after) = op.CountPadding ? (1, 1) : (0, 0);
        return new AveragePooling
        {
            Geometry = WindowGeometry.Of(op.Window, x, y),
            LowD = -before * op.Window.Depth.Before,
            LowH = -before * op.Window.Height.Before,
            LowW = -before * op.Window.Width.Before,
            EndD = x.D + (after * op.Window.Depth.After),
            EndH = x.H + (after * op.Window.Height.After),
            EndW = x.W + (after * op.Window.Width.After),
        };
    }
}

/// <summary>An average pooling.</summary>
public struct AveragePooling
{
    /// <summary>How the windows move.</summary>
    public WindowGeometry Geometry;

    /// <summary>The first places that count along each axis, and the ends of those.</summary>
    public int LowD, LowH, LowW, EndD, EndH, EndW;

    /// <summary>What the sum of the window at a place is divided by.</summary>
    public readonly int Divisor(Layer place, WindowShape window)
        => Counted(place.D - Geometry.BeforeD, window.DilationD, window.SizeD, LowD, EndD)
            * Counted(place.H - Geometry.BeforeH, window.DilationH, window.SizeH, LowH, EndH)
            * Counted(place.W - Geometry.BeforeW, window.DilationW, window.SizeW, LowW, EndW);

    /// <summary>How many taps lie at a low place or after it, and before an end.</summary>
    private static int Counted(int first, int dilation, int size, int low, int end) => Until(first, dilation, size, end) - Until(first, dilation, size, low);

    /// <summary>How many taps lie before a place.</summary>
    private static int Until(int first, int dilation, int size, int place)
    {
        var taps = place > first ? (place - first + dilation - 1) / dilation : 0;
        return taps < size ? taps : size;
    }
}

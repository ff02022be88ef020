using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Max pooling and its gradient. Idea: one thread an output; the gradient first notes for each output which tap was the largest, then each element of
/// dX gathers from the windows that see it and took it, in the order of taps: no two threads write to one place.
/// </summary>
public static class MaxPool
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, SpecializedValue<WindowShape>> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, SpecializedValue<WindowShape>> _largestTaps = LargestTaps;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, SpecializedValue<WindowShape>> _switches = Switches;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WindowGeometry, int, SpecializedValue<WindowShape>> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case MaxPoolOp op:
                {
                    var (geometry, window) = (WindowGeometry.Of(op.Window, signature.Inputs[0].Shape, signature.Output.Shape), WindowShape.Of(op.Window));
                    var forward = kernels.Each(_forward);
                    return kernels.Step("max pooling", call => forward(call.Count(), call.Input(0), call.Output(), geometry, SpecializedValue.New(window)));
                }

            case MaxPoolSwitchesOp op:
                {
                    var (geometry, window) = (WindowGeometry.Of(op.Window, signature.Inputs[0].Shape, signature.Output.Shape), WindowShape.Of(op.Window));
                    var switches = kernels.Each(_switches);
                    return kernels.Step("max pooling", call => switches(call.Count(), call.Input(0), call.Output(), geometry, SpecializedValue.New(window)));
                }

            case MaxPoolGradientOp { Forward: var op, Relu: var relu }:
                {
                    var y = signature.Inputs[1];
                    var (geometry, window) = (WindowGeometry.Of(op.Window, signature.Output.Shape, y.Shape), WindowShape.Of(op.Window));
                    var (largestTaps, gradient) = (kernels.Each(_largestTaps), kernels.Each(_gradient));
                    return kernels.Step(
                        "max pooling",
                        call =>
                        {
                            var outputs = (int)y.Length(call.Batch);
                            var taps = call.Workspace(outputs);
                            largestTaps(outputs, call.Input(0), taps, geometry, SpecializedValue.New(window));
                            gradient(call.Count(), call.Input(0), call.Input(1), taps, call.Output(), geometry, relu ? 1 : 0, SpecializedValue.New(window));
                        },
                        y.Length(signature.MaxBatch));
                }

            default:
                return null;
        }
    }

    /// <summary>The largest under one window; NaN is larger than any number.</summary>
    public static void Forward(Index1D i, ArrayView<float> x, ArrayView<float> y, WindowGeometry geometry, SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.OutPlane;
        var place = geometry.Place(i - (plane * geometry.OutPlane), window.Value);
        y[i] = geometry.Read(x, plane * geometry.Plane, place, WindowGeometry.Tap(LargestTap(x, plane, place, geometry, window.Value), window.Value), window.Value);
    }

    /// <summary>Where in its plane the largest under one window lies.</summary>
    public static void Switches(Index1D i, ArrayView<float> x, ArrayView<float> y, WindowGeometry geometry, SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.OutPlane;
        var place = geometry.Place(i - (plane * geometry.OutPlane), window.Value);
        y[i] = geometry.IndexAt(0, place, WindowGeometry.Tap(LargestTap(x, plane, place, geometry, window.Value), window.Value), window.Value);
    }

    /// <summary>Which tap of a window is the largest: the first of equal ones.</summary>
    public static void LargestTaps(Index1D i, ArrayView<float> x, ArrayView<float> taps, WindowGeometry geometry, SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.OutPlane;
        taps[i] = LargestTap(x, plane, geometry.Place(i - (plane * geometry.OutPlane), window.Value), geometry, window.Value);
    }

    /// <summary>One element of dX; with a ReLU before the pooling, zero where x is.</summary>
    public static void Gradient(
        Index1D i, ArrayView<float> x, ArrayView<float> dY, ArrayView<float> largestTaps, ArrayView<float> dX, WindowGeometry geometry, int relu,
        SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.Plane;
        var place = geometry.Element(i - (plane * geometry.Plane));
        var windows = window.Value.Seen;
        var sum = 0f;
        if (relu == 0 || !(x[i] <= 0f))
        {
            for (var candidate = 0; candidate < windows; candidate++)
            {
                var seen = geometry.Seen(plane * geometry.OutPlane, place, candidate, window.Value);
                if (seen.Window >= 0 && largestTaps[seen.Window] == seen.Tap)
                    sum += dY[seen.Window];
            }
        }

        dX[i] = sum;
    }

    private static int LargestTap(ArrayView<float> x, int plane, Layer place, WindowGeometry geometry, WindowShape window)
    {
        var taps = window.Taps;
        var (best, largest) = (-1, 0f);
        for (var tap = 0; tap < taps; tap++)
        {
            var index = geometry.IndexAt(plane * geometry.Plane, place, WindowGeometry.Tap(tap, window), window);
            if (index >= 0)
            {
                var value = x[index];
                if (best < 0 || value > largest || XMath.IsNaN(value))
                {
                    best = tap;
                    largest = value;
                }
            }
        }

        return best;
    }
}

using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Max pooling and its gradient. Idea: one thread an output; the gradient first notes for each output which tap was the largest, then each element of
/// dX gathers from the windows that see it and took it: no two threads write to one place. Elements that lie in one step of the windows see the same of them; where
/// these are up to four, as with strides of two, one thread gathers for all.
/// </summary>
public static class MaxPool
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, SpecializedValue<WindowShape>> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, SpecializedValue<WindowShape>> _largestTaps = LargestTaps;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, SpecializedValue<WindowShape>> _switches = Switches;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WindowGeometry, int, SpecializedValue<WindowShape>> _gradient = Gradient;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WindowGeometry, Cells, int, SpecializedValue<WindowShape>> _gradientOfCell = GradientOfCell;

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
                    var (x, y) = (signature.Output, signature.Inputs[1]);
                    var (geometry, window) = (WindowGeometry.Of(op.Window, x.Shape, y.Shape), WindowShape.Of(op.Window));
                    var largestTaps = kernels.Each(_largestTaps);
                    var gradient = Cells.Suit(op.Window) ? GatherForCells() : Gather();
                    return kernels.Step(
                        "max pooling",
                        call =>
                        {
                            var outputs = (int)y.Length(call.Batch);
                            var taps = call.Workspace(outputs);
                            largestTaps(outputs, call.Input(0), taps, geometry, SpecializedValue.New(window));
                            gradient(call, taps);
                        },
                        y.Length(signature.MaxBatch));

                    Action<KernelCall, ArrayView<float>> Gather()
                    {
                        var kernel = kernels.Each(_gradient);
                        return (call, taps) => kernel(call.Count(), call.Input(0), call.Input(1), taps, call.Output(), geometry, relu ? 1 : 0, SpecializedValue.New(window));
                    }

                    Action<KernelCall, ArrayView<float>> GatherForCells()
                    {
                        var (kernel, cells) = (kernels.Each(_gradientOfCell), Cells.Of(op.Window, x.Shape));
                        return (call, taps) => kernel(
                            call.Batch * x.Shape.C * cells.Count, call.Input(0), call.Input(1), taps, call.Output(), geometry, cells, relu ? 1 : 0, SpecializedValue.New(window));
                    }
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
        y[i] = Largest.Of(x, plane, place, geometry, window.Value).Value;
    }

    /// <summary>Where in its plane the largest under one window lies.</summary>
    public static void Switches(Index1D i, ArrayView<float> x, ArrayView<float> y, WindowGeometry geometry, SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.OutPlane;
        var place = geometry.Place(i - (plane * geometry.OutPlane), window.Value);
        y[i] = Largest.Of(x, plane, place, geometry, window.Value).Index;
    }

    /// <summary>Which tap of a window is the largest: the first of equal ones.</summary>
    public static void LargestTaps(Index1D i, ArrayView<float> x, ArrayView<float> taps, WindowGeometry geometry, SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.OutPlane;
        taps[i] = Largest.Of(x, plane, geometry.Place(i - (plane * geometry.OutPlane), window.Value), geometry, window.Value).Tap;
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

    /// <summary>The elements of dX in one step of the windows; with a ReLU before the pooling, zero where x is.</summary>
    public static void GradientOfCell(
        Index1D i, ArrayView<float> x, ArrayView<float> dY, ArrayView<float> largestTaps, ArrayView<float> dX, WindowGeometry geometry, Cells cells, int relu,
        SpecializedValue<WindowShape> window)
    {
        var plane = i.X / cells.Count;
        var cell = i.X - (plane * cells.Count);
        var row = cell / cells.Width;
        var column = cell - (row * cells.Width);
        var (stepH, stepW) = (window.Value.StrideH.Value, window.Value.StrideW.Value);
        var sums = default(Float4);
        for (var up = 0; up < window.Value.SeenH.Value; up++)
        {
            for (var left = 0; left < window.Value.SeenW.Value; left++)
            {
                var (outH, outW) = (row - up, column - left);
                var seen = (uint)outH < (uint)geometry.OutH.Value & (uint)outW < (uint)geometry.OutW.Value;

                // No branch: another window is read where there is none.
                var output = seen ? (((plane * geometry.OutH) + outH) * geometry.OutW) + outW : 0;
                var (tap, gradient) = ((int)largestTaps[output], dY[output]);
                var tapH = tap / window.Value.SizeW;
                var (h, w) = (tapH - (up * stepH), tap - (tapH * window.Value.SizeW) - (left * stepW));

                // The element that this window took, where it is one of these.
                var taken = seen & (uint)h < (uint)stepH & (uint)w < (uint)stepW ? (h * stepW) + w : -1;
                sums.X += taken == 0 ? gradient : 0f;
                sums.Y += taken == 1 ? gradient : 0f;
                sums.Z += taken == 2 ? gradient : 0f;
                sums.W += taken == 3 ? gradient : 0f;
            }
        }

        for (var element = 0; element < stepH * stepW; element++)
        {
            var inRow = stepW == 1 ? element : element / window.Value.StrideW;
            var (h, w) = ((row * stepH) + inRow - geometry.BeforeH, (column * stepW) + element - (inRow * stepW) - geometry.BeforeW);
            if ((uint)h < (uint)geometry.H.Value & (uint)w < (uint)geometry.W.Value)
            {
                var index = (((plane * geometry.H) + h) * geometry.W) + w;
                var sum = element == 0 ? sums.X : element == 1 ? sums.Y : element == 2 ? sums.Z : sums.W;
                dX[index] = relu != 0 && x[index] <= 0f ? 0f : sum;
            }
        }
    }
}

/// <summary>The largest element under a window.</summary>
public struct Largest
{
    /// <summary>Which tap it is under, and its index in its plane.</summary>
    public int Tap, Index;

    /// <summary>The element.</summary>
    public float Value;

    /// <summary>The largest under the window at a place: the first of equal ones; NaN is larger than any number.</summary>
    public static Largest Of(ArrayView<float> x, int plane, Layer place, WindowGeometry geometry, WindowShape window)
    {
        var offset = plane * geometry.Plane;
        var largest = new Largest { Tap = -1 };
        for (var d = 0; d < window.SizeD.Value; d++)
        {
            var layer = place.D + (d * window.DilationD) - geometry.BeforeD;
            for (var h = 0; h < window.SizeH.Value; h++)
            {
                var row = place.H + (h * window.DilationH) - geometry.BeforeH;
                var isInside = (uint)layer < (uint)geometry.D.Value & (uint)row < (uint)geometry.H.Value;
                var begin = ((layer * geometry.H) + row) * geometry.W;
                for (var w = 0; w < window.SizeW.Value; w++)
                {
                    var column = place.W + (w * window.DilationW) - geometry.BeforeW;
                    var seen = isInside & (uint)column < (uint)geometry.W.Value;

                    // No branch: another element is read where there is none.
                    var value = x[seen ? offset + begin + column : 0];
                    var isLargest = seen & (largest.Tap < 0 | value > largest.Value | XMath.IsNaN(value));
                    largest.Tap = isLargest ? (((d * window.SizeH) + h) * window.SizeW) + w : largest.Tap;
                    largest.Index = isLargest ? begin + column : largest.Index;
                    largest.Value = isLargest ? value : largest.Value;
                }
            }
        }

        return largest;
    }
}

/// <summary>The elements of a plane of x in cells, each those of one step of the windows.</summary>
public struct Cells
{
    /// <summary>The cells of a row, and of a plane.</summary>
    public Divisor Width, Count;

    /// <summary>Whether a thread gathers for a cell: where windows lie in planes, with steps of up to four elements.</summary>
    internal static bool Suit(Window window)
        => window.Depth == new WindowAxis(1) && window is { Height.Dilation: 1, Width.Dilation: 1 } && window.Height.Stride * window.Width.Stride <= 4;

    /// <summary>The cells of planes of x.</summary>
    internal static Cells Of(Window window, Shape x)
    {
        var (height, width) = (Steps(window.Height, x.H), Steps(window.Width, x.W));
        return new Cells { Width = width, Count = height * width };

        static int Steps(WindowAxis axis, int length) => (axis.Before + length + axis.Stride - 1) / axis.Stride;
    }
}

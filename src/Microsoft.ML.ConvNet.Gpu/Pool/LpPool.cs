using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Lp pooling and its gradient. Idea: as <see cref="AveragePool"/>, with powers.</summary>
public static class LpPool
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WindowGeometry, float, SpecializedValue<WindowShape>> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WindowGeometry, float, SpecializedValue<WindowShape>> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case LpPoolOp op:
                {
                    var (geometry, window) = (WindowGeometry.Of(op.Window, signature.Inputs[0].Shape, signature.Output.Shape), WindowShape.Of(op.Window));
                    var forward = kernels.Each(_forward);
                    return kernels.Step("Lp pooling", call => forward(call.Count(), call.Input(0), call.Output(), geometry, op.Power, SpecializedValue.New(window)));
                }

            case LpPoolGradientOp { Forward: var op }:
                {
                    var (geometry, window) = (WindowGeometry.Of(op.Window, signature.Output.Shape, signature.Inputs[1].Shape), WindowShape.Of(op.Window));
                    var gradient = kernels.Each(_gradient);
                    return kernels.Step("Lp pooling", call => gradient(
                        call.Count(), call.Input(0), call.Input(1), call.Input(2), call.Output(), geometry, op.Power - 1, SpecializedValue.New(window)));
                }

            default:
                return null;
        }
    }

    /// <summary>(Σ |x|^p)^(1/p) under one window.</summary>
    public static void Forward(Index1D i, ArrayView<float> x, ArrayView<float> y, WindowGeometry geometry, float power, SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.OutPlane;
        var place = geometry.Place(i - (plane * geometry.OutPlane), window.Value);
        var taps = window.Value.Taps;
        var sum = 0f;
        for (var tap = 0; tap < taps; tap++)
            sum += XMath.Pow(XMath.Abs(geometry.Read(x, plane * geometry.Plane, place, WindowGeometry.Tap(tap, window.Value), window.Value)), power);
        y[i] = XMath.Pow(sum, 1f / power);
    }

    /// <summary>sign(x)·Σ dY·(|x|/y)^(p − 1) over the windows that see one element.</summary>
    public static void Gradient(
        Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> dY, ArrayView<float> dX, WindowGeometry geometry, float power,
        SpecializedValue<WindowShape> window)
    {
        var plane = i / geometry.Plane;
        var element = geometry.Element(i - (plane * geometry.Plane));
        var windows = window.Value.Seen;
        var size = XMath.Abs(x[i]);
        var sum = 0f;
        for (var candidate = 0; candidate < windows; candidate++)
        {
            var output = geometry.Seen(plane * geometry.OutPlane, element, candidate, window.Value).Window;
            if (output >= 0)
            {
                var norm = y[output];
                if (norm != 0f && size != 0f)
                    sum += dY[output] * XMath.Pow(size / norm, power);
            }
        }

        dX[i] = x[i] < 0f ? -sum : sum;
    }
}

using ILGPU;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Max unpooling and its gradient. Idea: values of one plane may meet at a place and are added there in their order, so that a thread does a whole plane;
/// the gradient looks each value's place up.
/// </summary>
public static class MaxUnpool
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, Divisor> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var (plane, outPlane) = (signature.Inputs[0].Shape.Plane, signature.Output.Shape.Plane);
        switch (signature.Op)
        {
            case MaxUnpoolOp:
                var forward = kernels.Each(_forward);
                return kernels.Step("max unpooling", call => forward(call.Count() / outPlane, call.Input(0), call.Input(1), call.Output(), plane, outPlane));

            case MaxUnpoolGradientOp:
                var gradient = kernels.Each(_gradient);
                return kernels.Step("max unpooling", call => gradient(call.Count(), call.Input(0), call.Input(1), call.Output(), plane, outPlane));

            default:
                return null;
        }
    }

    /// <summary>One plane of y: zeros, and each value added at its switch.</summary>
    public static void Forward(Index1D channel, ArrayView<float> x, ArrayView<float> switches, ArrayView<float> y, int plane, int outPlane)
    {
        for (var i = 0; i < outPlane; i++)
            y[(channel * outPlane) + i] = 0f;
        for (var i = channel * plane; i < (channel + 1) * plane; i++)
            y[(channel * outPlane) + (int)switches[i]] += x[i];
    }

    /// <summary>One element of dX.</summary>
    public static void Gradient(Index1D i, ArrayView<float> dY, ArrayView<float> switches, ArrayView<float> dX, int plane, Divisor outPlane)
        => dX[i] = dY[(i / outPlane * plane) + (int)switches[i]];
}

using ILGPU;
using ILGPU.Algorithms;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Local response normalisation and its gradient. Idea: one thread an element, which sums the squares of the channels around it; the gradient first notes
/// the sums, so that each is computed once.
/// </summary>
public static class LocalResponseNorm
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, LocalResponse> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, LocalResponse> _sums = Sums;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, LocalResponse> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case LocalResponseNormOp op:
                var (response, forward) = (Of(op, signature.Output.Shape), kernels.Each(_forward));
                return kernels.Step("local response", call => forward(call.Count(), call.Input(0), call.Output(), response));

            case LocalResponseNormGradientOp { Forward: var op }:
                var (ofForward, sums, gradient) = (Of(op, signature.Output.Shape), kernels.Each(_sums), kernels.Each(_gradient));
                return kernels.Step(
                    "local response",
                    call =>
                    {
                        var workspace = call.Workspace(call.Count());
                        sums(call.Count(), call.Input(0), workspace, ofForward);
                        gradient(call.Count(), call.Input(0), call.Input(1), workspace, call.Output(), ofForward);
                    },
                    signature.Output.Length(signature.MaxBatch));

            default:
                return null;
        }
    }

    /// <summary>x/s^β.</summary>
    public static void Forward(Index1D i, ArrayView<float> x, ArrayView<float> y, LocalResponse response)
        => y[i] = x[i] * XMath.Pow(Sum(x, i, response), -response.Beta);

    /// <summary>s = k + α/n·Σ x² over the channels around one.</summary>
    public static void Sums(Index1D i, ArrayView<float> x, ArrayView<float> sums, LocalResponse response) => sums[i] = Sum(x, i, response);

    /// <summary>dY/s^β − 2·α·β/n·x·Σ dY·x/s^(β+1) over the channels whose sums the channel is in.</summary>
    public static void Gradient(Index1D i, ArrayView<float> x, ArrayView<float> dY, ArrayView<float> sums, ArrayView<float> dX, LocalResponse response)
    {
        var channel = i / response.Plane % response.Channels;
        var total = 0f;
        for (var other = channel - ((response.Around - 1) / 2); other <= channel + (response.Around / 2); other++)
        {
            var j = i + ((other - channel) * response.Plane);
            if (other >= 0 && other < response.Channels)
                total += dY[j] * x[j] * XMath.Pow(sums[j], -response.Beta - 1f);
        }

        dX[i] = (dY[i] * XMath.Pow(sums[i], -response.Beta)) - (2f * response.Alpha * response.Beta / response.Around * x[i] * total);
    }

    private static float Sum(ArrayView<float> x, int i, LocalResponse response)
    {
        var channel = i / response.Plane % response.Channels;
        var sum = 0f;
        for (var other = channel - (response.Around / 2); other <= channel + ((response.Around - 1) / 2); other++)
        {
            if (other >= 0 && other < response.Channels)
            {
                var value = x[i + ((other - channel) * response.Plane)];
                sum += value * value;
            }
        }

        return response.K + (response.Alpha / response.Around * sum);
    }

    private static LocalResponse Of(LocalResponseNormOp op, Shape shape)
        => new() { Channels = shape.C, Plane = shape.Plane, Around = op.Channels, Alpha = op.Alpha, Beta = op.Beta, K = op.K };
}

/// <summary>A local response normalisation.</summary>
public struct LocalResponse
{
    /// <summary>The channels, and the elements of a plane.</summary>
    public Divisor Channels, Plane;

    /// <summary>The channels that a sum is taken over.</summary>
    public int Around;

    /// <summary>α, β and k.</summary>
    public float Alpha, Beta, K;
}

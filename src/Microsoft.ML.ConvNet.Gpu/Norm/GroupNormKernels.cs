using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Group normalisation and its gradient. Idea: the channels of a group of one sample are one run of memory, and one group of threads goes through it: for the
/// mean, for the variance by distances from it, and for the result.
/// </summary>
public static class GroupNormKernels
{
    private const int ElementsOfAThread = 8;

    private static readonly Action<ArrayView<float>, ArrayView<float>, int, float> _forward = Forward;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var elements = signature.Output.Shape.Length;
        switch (signature.Op)
        {
            case GroupNormalizeOp op:
                var forward = kernels.Groups(_forward);
                return kernels.Step("group normalisation", call => forward(
                    Launch(call.Batch, op.Groups), call.Input(0), call.Output(), elements / op.Groups, op.Epsilon));

            case GroupNormalizeGradientOp op:
                var gradient = kernels.Groups(_gradient);
                return kernels.Step("group normalisation", call => gradient(
                    Launch(call.Batch, op.Groups), call.Input(0), call.Input(1), call.Output(), elements / op.Groups, op.Epsilon));

            default:
                return null;
        }

        KernelConfig Launch(int batch, int groups)
            => new(new Index2D(batch * groups, 1), LaneSum.GroupOf(1, elements / groups / ElementsOfAThread));
    }

    /// <summary>(x − mean)/√(variance + ε) of one run.</summary>
    public static void Forward(ArrayView<float> x, ArrayView<float> y, int length, float epsilon)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var (start, end) = (Grid.IdxX * length, (Grid.IdxX + 1) * length);
        var sum = 0f;
        for (var i = start + Group.IdxY; i < end; i += Group.DimY)
            sum += x[i];
        var sumOfAll = LaneSum.OfAll(shared, sum);
        var mean = sumOfAll / length;
        var squares = 0f;
        for (var i = start + Group.IdxY; i < end; i += Group.DimY)
            squares += (x[i] - mean) * (x[i] - mean);
        var squaresOfAll = LaneSum.OfAll(shared, squares);
        var inverse = 1f / XMath.Sqrt((squaresOfAll / length) + epsilon);
        for (var i = start + Group.IdxY; i < end; i += Group.DimY)
            y[i] = (x[i] - mean) * inverse;
    }

    /// <summary>(dY − (Σ dY + x̂·Σ dY·x̂)/length)/σ of one run.</summary>
    public static void Gradient(ArrayView<float> x, ArrayView<float> dY, ArrayView<float> dX, int length, float epsilon)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var (start, end) = (Grid.IdxX * length, (Grid.IdxX + 1) * length);
        var (sum, gradients) = (0f, 0f);
        for (var i = start + Group.IdxY; i < end; i += Group.DimY)
        {
            sum += x[i];
            gradients += dY[i];
        }

        var sumOfAll = LaneSum.OfAll(shared, sum);
        var mean = sumOfAll / length;
        var gradientsOfAll = LaneSum.OfAll(shared, gradients);
        var (squares, products) = (0f, 0f);
        for (var i = start + Group.IdxY; i < end; i += Group.DimY)
        {
            squares += (x[i] - mean) * (x[i] - mean);
            products += dY[i] * (x[i] - mean);
        }

        var squaresOfAll = LaneSum.OfAll(shared, squares);
        var inverse = 1f / XMath.Sqrt((squaresOfAll / length) + epsilon);
        var productsOfAll = LaneSum.OfAll(shared, products);
        for (var i = start + Group.IdxY; i < end; i += Group.DimY)
            dX[i] = inverse * (dY[i] - ((gradientsOfAll + ((x[i] - mean) * inverse * inverse * productsOfAll)) / length));
    }
}

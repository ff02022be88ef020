using ILGPU;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Rows of a table by index. Idea: one thread an element. In the gradient that is an element of dY: the first of those that belong to one place of the table adds them up, in their order, so that
/// no two threads write to one place; all other places are zero before.
/// </summary>
public static class EmbeddingKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, Divisor> _embed = Embed;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, Divisor, int> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case EmbeddingOp:
                var embed = kernels.Each(_embed);
                return kernels.Step("embedding", call => embed(call.Count(), call.Input(0), call.Input(1), call.Output(), signature.Inputs[1].Shape[1]));

            case EmbeddingGradientOp op:
                var (clear, gradient) = (MoveKernels.FillOf(kernels, 0), kernels.Each(_gradient));
                return kernels.Step("embedding", call =>
                {
                    var count = (int)call.Inputs[0].Type.Length(call.Batch);
                    clear(call);
                    gradient(count * op.Shape[1], call.Input(0), call.Input(1), call.Output(), op.Shape[1], count);
                });

            default:
                return null;
        }
    }

    /// <summary>One element of y.</summary>
    public static void Embed(Index1D i, ArrayView<float> indices, ArrayView<float> table, ArrayView<float> y, Divisor width)
    {
        var row = i / width;
        y[i] = table[((int)indices[row] * width) + i - (row * width)];
    }

    /// <summary>One element of the table's gradient, from all of dY that belong to it.</summary>
    public static void Gradient(Index1D i, ArrayView<float> indices, ArrayView<float> dY, ArrayView<float> dTable, Divisor width, int count)
    {
        var first = i / width;
        var column = i - (first * width);
        var row = indices[first];
        for (var earlier = 0; earlier < first; earlier++)
        {
            if (indices[earlier] == row)
                return;
        }

        var sum = 0f;
        for (var index = first; index < count; index++)
        {
            if (indices[index] == row)
                sum += dY[(index * width) + column];
        }

        dTable[((int)row * width) + column] = sum;
    }
}

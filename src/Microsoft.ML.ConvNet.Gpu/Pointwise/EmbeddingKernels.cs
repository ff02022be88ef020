using ILGPU;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Rows of a table by index. Idea: one thread an element; an element of the table's gradient looks through all indices for its row, in their order, so that
/// no two threads write to one place.
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
                var gradient = kernels.Each(_gradient);
                return kernels.Step("embedding", call => gradient(
                    call.Count(), call.Input(0), call.Input(1), call.Output(), op.Shape[1], (int)call.Inputs[0].Type.Length(call.Batch)));

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

    /// <summary>One element of the table's gradient.</summary>
    public static void Gradient(Index1D i, ArrayView<float> indices, ArrayView<float> dY, ArrayView<float> dTable, Divisor width, int count)
    {
        var row = i / width;
        var column = i - (row * width);
        var sum = 0f;
        for (var index = 0; index < count; index++)
        {
            if ((int)indices[index] == row)
                sum += dY[(index * width) + column];
        }

        dTable[i] = sum;
    }
}

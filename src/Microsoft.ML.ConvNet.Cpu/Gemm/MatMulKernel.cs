using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Matrix products as steps: dense layers and their gradients.</summary>
internal static unsafe class MatMulKernel
{
    public static Kernel Find(OpSignature signature, WorkerPool pool)
    {
        var op = (MatMulOp)signature.Op;
        return new FunctionKernel("GEMM", call =>
        {
            var (m, n, k) = op.Extents(signature.Inputs[0], signature.Inputs[1], call.Batch);
            var a = op.TransposeA ? Matrix.RowMajor(call.Input(0), m).T : Matrix.RowMajor(call.Input(0), k);
            var b = op.TransposeB ? Matrix.RowMajor(call.Input(1), k).T : Matrix.RowMajor(call.Input(1), n);
            var start = call.Inputs.Length > 2 ? GemmStart.ColumnBias(call.Input(2)) : GemmStart.Zero;
            Gemm.Run(pool, m, n, k, a, b, call.Output(), n, start);
        });
    }
}

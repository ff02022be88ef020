using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Matrix products as steps: dense layers and their gradients. A second factor without a batch, such as the weights of a dense layer, is packed when
/// parameters change, not in each run, where a plan runs many times with the same ones.
/// </summary>
internal static unsafe class MatMulKernel
{
    public static Kernel Find(OpSignature signature, WorkerPool pool)
    {
        var op = (MatMulOp)signature.Op;
        var extents = op.Extents(signature.Inputs[0], signature.Inputs[1], signature.MaxBatch);
        var keeps = signature.KeepsPrepared && signature.Inputs[0].Batched && !signature.Inputs[1].Batched;

        // Products of few rows need no panels and make none.
        var isCurrent = false;
        return new FunctionKernel("GEMM", call =>
        {
            var (m, n, k) = op.Extents(signature.Inputs[0], signature.Inputs[1], call.Batch);
            var a = op.TransposeA ? Matrix.RowMajor(call.Input(0), m).T : Matrix.RowMajor(call.Input(0), k);
            var b = op.TransposeB ? Matrix.RowMajor(call.Input(1), k).T : Matrix.RowMajor(call.Input(1), n);
            var start = call.Inputs.Length > 2 ? GemmStart.ColumnBias(call.Input(2)) : GemmStart.Zero;
            isCurrent &= !call.ParametersChanged;
            isCurrent |= Gemm.Run(pool, m, n, k, a, b, call.Output(), n, start, default(Identity), keeps ? new KeptPanels(call.Prepared(), isCurrent) : default);
        }, preparedLength: keeps ? Gemm.PanelsLength(extents.N, extents.K) : 0);
    }
}

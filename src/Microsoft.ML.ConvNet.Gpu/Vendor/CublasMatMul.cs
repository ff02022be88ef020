using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>A matrix product by cuBLAS; the bias follows in one launch.</summary>
internal static class CublasMatMul
{
    /// <summary>The product by cuBLAS where it is there and worthwhile, otherwise the given kernel.</summary>
    public static Kernel Or(Kernel own, OpSignature signature, Epilogue epilogue, KernelCache kernels)
    {
        var op = (MatMulOp)signature.Op;
        var (rows, columns, depth) = op.Extents(signature.Inputs[0], signature.Inputs[1], signature.MaxBatch);
        if (kernels.Vendor.Blas is not { } blas || (long)rows * columns * depth < kernels.Vendor.LeastWork)
            return own;
        var finish = epilogue.IsEmpty ? null : new Finish(kernels);
        return kernels.Step("cuBLAS", call =>
        {
            var (m, n, k) = op.Extents(signature.Inputs[0], signature.Inputs[1], call.Batch);
            blas.Product(m, n, k, call.Inputs[0].Address(), op.TransposeA, call.Inputs[1].Address(), op.TransposeB, call.Output.Address());
            finish?.Run(call, call.Output(), 1, epilogue);
        });
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Matrix products in all transposes, with a bias of columns.</summary>
internal static class MatMulKernel
{
    public static Kernel Find(OpSignature signature, KernelCache kernels)
    {
        var op = (MatMulOp)signature.Op;
        var epilogue = new Epilogue(Plane: 1, signature.Output.Shape[^1]) { BiasInput = signature.Inputs.Count > 2 ? 2 : null };
        var product = new TiledProduct<MatrixProduct>(kernels) { ShapeOf = ShapeOf, ProductOf = ProductOf, FormOf = FormOf, Epilogue = epilogue, BiasOfColumns = true };
        var own = kernels.Step("GEMM", call => product.Run(call, 0, 1), product.WorkspaceLength(signature.MaxBatch));
        return CublasMatMul.Or(own, signature, epilogue, kernels);

        ProductShape ShapeOf(int batch)
        {
            var (m, n, k) = op.Extents(signature.Inputs[0], signature.Inputs[1], batch);
            return new ProductShape
            {
                Rows = m,
                Columns = n,
                Depth = k,
                Length = m * n,
            };
        }

        ProductForm FormOf(int batch)
        {
            var (m, n, k) = op.Extents(signature.Inputs[0], signature.Inputs[1], batch);
            return new ProductForm
            {
                Window = WindowShape.Of(new Window(new WindowAxis(1), new WindowAxis(1))),
                AByDepth = op.TransposeA ? 0 : 1,
                BByDepth = op.TransposeB ? 1 : 0,
                AQuads = (op.TransposeA ? m : k) % 4 == 0 ? 1 : 0,
                BQuads = (op.TransposeB ? k : n) % 4 == 0 ? 1 : 0,
                CQuads = n % 4 == 0 ? 1 : 0,
            };
        }

        MatrixProduct ProductOf(int batch)
        {
            var (m, n, k) = op.Extents(signature.Inputs[0], signature.Inputs[1], batch);
            return new MatrixProduct
            {
                RowStep = op.TransposeA ? 1 : k,
                DepthStepA = op.TransposeA ? m : 1,
                ColumnStep = op.TransposeB ? k : 1,
                DepthStepB = op.TransposeB ? 1 : n,
                Columns = n,
            };
        }
    }
}

/// <summary>Two matrices in memory, each transposed or not.</summary>
public struct MatrixProduct : IProduct
{
    /// <summary>The distances between neighbouring rows and depths of A, and between neighbouring columns and depths of B.</summary>
    public int RowStep, DepthStepA, ColumnStep, DepthStepB;

    /// <summary>The columns of C.</summary>
    public int Columns;

    /// <summary>The distances between the matrices of neighbouring groups; 0 where there is one.</summary>
    public int GroupStepA, GroupStepB, GroupStepC;

    /// <inheritdoc/>
    public readonly int Row(int row, int group, WindowShape window) => (row * RowStep) + (group * GroupStepA);

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, WindowShape window) => new() { Offset = (column * ColumnStep) + (group * GroupStepB) };

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window) => new() { A = depth * DepthStepA, B = depth * DepthStepB };

    /// <inheritdoc/>
    public readonly Extents ExtentsOfB() => default;

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window) => (row * Columns) + (group * GroupStepC);

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column) => column;
}

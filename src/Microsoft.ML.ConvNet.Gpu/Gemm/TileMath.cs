using System.Runtime.CompilerServices;
using ILGPU;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>What tiles of all sizes share: the loads, with zeros past the edges, and the stores.</summary>
internal static class TileMath
{
    public static int Least(int a, int b) => a < b ? a : b;

    /// <summary>A row of A, or one of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fiber Row<TProduct>(TProduct product, ProductShape shape, int row, int group, int window)
        where TProduct : struct, IProduct
    {
        var fiber = product.Row(row < shape.Rows ? row : 0, group, window);
        fiber.Offset = row < shape.Rows ? fiber.Offset : -1;
        return fiber;
    }

    /// <summary>A column of B, or one of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fiber Column<TProduct>(TProduct product, ProductShape shape, int column, int group, int window)
        where TProduct : struct, IProduct
    {
        var fiber = product.Column(column < shape.Columns ? column : 0, group, window);
        fiber.Offset = column < shape.Columns ? fiber.Offset : -1;
        return fiber;
    }

    /// <summary>One element of A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadA(ArrayView<float> a, Fiber row, Layer depth, bool inside) => inside && row.Offset >= 0 ? a[row.Offset + depth.A] : 0f;

    /// <summary>One element of B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadB<TProduct>(TProduct product, ArrayView<float> b, Fiber column, Layer depth, bool inside)
        where TProduct : struct, IProduct => inside && column.Offset >= 0 ? product.LoadB(b, column, depth) : 0f;

    /// <summary>Where a row of outputs begins; negative where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OutputOfRow<TProduct>(TProduct product, ProductShape shape, int row, int group, int split, int window)
        where TProduct : struct, IProduct => row < shape.Rows ? product.OutputOfRow(row, group, window) + (split * shape.Length) : -1;

    /// <summary>Where a column lies in each row of outputs; negative where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OutputOfColumn<TProduct>(TProduct product, ProductShape shape, int column, int window)
        where TProduct : struct, IProduct => column < shape.Columns ? product.OutputOfColumn(column, window) : -1;

    /// <summary>Stores one sum, after the bias, the addition and the ReLU.</summary>
    /// <param name="c">The output.</param>
    /// <param name="bias">The bias, or anything.</param>
    /// <param name="addend">What is added, or anything.</param>
    /// <param name="shape">The product.</param>
    /// <param name="row">Where the row of outputs begins, and the index of its bias.</param>
    /// <param name="column">Where the column lies in the row, and the index of its bias.</param>
    /// <param name="sum">The sum.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        ArrayView<float> c, ArrayView<float> bias, ArrayView<float> addend, ProductShape shape, Index2D row, Index2D column, float sum)
    {
        if (row.X < 0 || column.X < 0)
            return;
        var place = row.X + column.X;
        var value = sum;
        if (shape.Bias != 0)
            value += bias[shape.Bias == 1 ? row.Y : column.Y];
        if (shape.Adds != 0)
            value += addend[place];
        c[place] = shape.Relu != 0 && value < 0f ? 0f : value;
    }
}

/// <summary>Four floats that are loaded at once.</summary>
public struct Float4
{
    /// <summary>The floats, in the order of memory.</summary>
    public float X, Y, Z, W;
}

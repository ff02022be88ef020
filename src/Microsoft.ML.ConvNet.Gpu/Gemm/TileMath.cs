using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// What tiles of all sizes share: the loads, the way to shared memory, and the stores. Loads have no branches, so that all of a step are on their
/// way at once. Rows and columns past the edge read the first one's elements, and their sums are not stored; depths past the end count as zeros.
/// </summary>
internal static class TileMath
{
    public static int Least(int a, int b) => a < b ? a : b;

    /// <summary>The index of the first element of a row of A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TProduct>(TProduct product, ProductShape shape, int row, int group, WindowShape window)
        where TProduct : struct, IProduct => product.Row(row < shape.Rows ? row : 0, group, window);

    /// <summary>A column of B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fiber Column<TProduct>(TProduct product, ProductShape shape, int column, int group, WindowShape window)
        where TProduct : struct, IProduct => product.Column(column < shape.Columns ? column : 0, group, window);

    /// <summary>A depth, or the first where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Layer Depth<TProduct>(TProduct product, int depth, int end, int group, WindowShape window)
        where TProduct : struct, IProduct => product.Depth(depth < end ? depth : 0, group, window);

    /// <summary>Four elements of A: of four rows, or the neighbours of the first. For a depth past the end they are any, as B has zeros there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LoadA(ArrayView<float> a, Rows rows, Layer depth, ProductForm form)
        => form.AQuads != 0
            ? a.Quad((rows.First + depth.A) >> 2)
            : new() { X = a[rows.First + depth.A], Y = a[rows.Second + depth.A], Z = a[rows.Third + depth.A], W = a[rows.Fourth + depth.A] };

    /// <summary>Four elements of B: of four columns, or the neighbours of the first; zeros for a depth past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LoadB<TProduct>(TProduct product, ArrayView<float> b, Columns columns, Layer depth, bool hasDepth, ProductForm form)
        where TProduct : struct, IProduct
    {
        if (form.BQuads != 0)
        {
            var loaded = b.Quad((columns.First.Offset + depth.B) >> 2);
            return new() { X = hasDepth ? loaded.X : 0f, Y = hasDepth ? loaded.Y : 0f, Z = hasDepth ? loaded.Z : 0f, W = hasDepth ? loaded.W : 0f };
        }

        var extents = product.ExtentsOfB();
        return new()
        {
            X = Read(b, columns.First, depth, hasDepth, extents, form.Window),
            Y = Read(b, columns.Second, depth, hasDepth, extents, form.Window),
            Z = Read(b, columns.Third, depth, hasDepth, extents, form.Window),
            W = Read(b, columns.Fourth, depth, hasDepth, extents, form.Window),
        };
    }

    /// <summary>Puts four elements into a tile in shared memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Keep(ArrayView<float> tile, Share share, Float4 loaded)
    {
        if (share.Step == 1)
        {
            tile.Quad(share.Slot >> 2) = loaded;
        }
        else
        {
            tile[share.Slot] = loaded.X;
            tile[share.Slot + share.Step] = loaded.Y;
            tile[share.Slot + (2 * share.Step)] = loaded.Z;
            tile[share.Slot + (3 * share.Step)] = loaded.W;
        }
    }

    /// <summary>Stores a block of sums, after the bias, the addition and the ReLU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TProduct>(
        ArrayView<float> c, ArrayView<float> bias, ArrayView<float> addend, ProductShape shape, TProduct product, int group, int split, ProductForm form, int row, int column, Block sums)
        where TProduct : struct, IProduct
    {
        var from0 = RowOfC(bias, product, shape, row, group, split, form.Window);
        var from1 = RowOfC(bias, product, shape, row + 1, group, split, form.Window);
        var from2 = RowOfC(bias, product, shape, row + 2, group, split, form.Window);
        var from3 = RowOfC(bias, product, shape, row + 3, group, split, form.Window);
        var to0 = ColumnOfC(bias, product, shape, column);
        var to1 = ColumnOfC(bias, product, shape, column + 1);
        var to2 = ColumnOfC(bias, product, shape, column + 2);
        var to3 = ColumnOfC(bias, product, shape, column + 3);
        StoreRow(c, addend, shape, form, from0, to0, to1, to2, to3, sums.First);
        StoreRow(c, addend, shape, form, from1, to0, to1, to2, to3, sums.Second);
        StoreRow(c, addend, shape, form, from2, to0, to1, to2, to3, sums.Third);
        StoreRow(c, addend, shape, form, from3, to0, to1, to2, to3, sums.Fourth);
    }

    /// <summary>Stores four sums of a column, after the bias, the addition and the ReLU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumn<TProduct>(
        ArrayView<float> c, ArrayView<float> bias, ArrayView<float> addend, ProductShape shape, TProduct product, int group, int split, WindowShape window, int row, int column, Float4 sums)
        where TProduct : struct, IProduct
    {
        var to = ColumnOfC(bias, product, shape, column);
        Store(c, addend, shape, RowOfC(bias, product, shape, row, group, split, window), to, sums.X);
        Store(c, addend, shape, RowOfC(bias, product, shape, row + 1, group, split, window), to, sums.Y);
        Store(c, addend, shape, RowOfC(bias, product, shape, row + 2, group, split, window), to, sums.Z);
        Store(c, addend, shape, RowOfC(bias, product, shape, row + 3, group, split, window), to, sums.W);
    }

    /// <summary>Stores four sums of a row, at once where they are neighbours in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow(
        ArrayView<float> c, ArrayView<float> addend, ProductShape shape, ProductForm form, LineOfC from, LineOfC to0, LineOfC to1, LineOfC to2, LineOfC to3, Float4 sums)
    {
        if (form.CQuads == 0)
        {
            Store(c, addend, shape, from, to0, sums.X);
            Store(c, addend, shape, from, to1, sums.Y);
            Store(c, addend, shape, from, to2, sums.Z);
            Store(c, addend, shape, from, to3, sums.W);
            return;
        }

        if (from.Place < 0 | to0.Place < 0)
            return;
        var quad = (from.Place + to0.Place) >> 2;
        var values = new Float4 { X = sums.X + (from.Bias + to0.Bias), Y = sums.Y + (from.Bias + to1.Bias), Z = sums.Z + (from.Bias + to2.Bias), W = sums.W + (from.Bias + to3.Bias) };
        if (shape.Adds != 0)
            values = values.Plus(1f, addend.Quad(quad));
        c.Quad(quad) = new Float4 { X = Finish(values.X, shape), Y = Finish(values.Y, shape), Z = Finish(values.Z, shape), W = Finish(values.W, shape) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ArrayView<float> c, ArrayView<float> addend, ProductShape shape, LineOfC row, LineOfC column, float sum)
    {
        if (row.Place < 0 | column.Place < 0)
            return;
        var place = row.Place + column.Place;
        var value = sum + (row.Bias + column.Bias);
        if (shape.Adds != 0)
            value += addend[place];
        c[place] = Finish(value, shape);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(float value, ProductShape shape) => shape.Relu != 0 & value < 0f ? 0f : value;

    /// <summary>A row of outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static LineOfC RowOfC<TProduct>(ArrayView<float> bias, TProduct product, ProductShape shape, int row, int group, int split, WindowShape window)
        where TProduct : struct, IProduct
    {
        var line = new LineOfC { Place = row < shape.Rows ? product.OutputOfRow(row, group, window) + (split * shape.Length) : -1 };
        if (shape.Bias != 0 & shape.BiasOfColumns == 0 & row < shape.Rows)
            line.Bias = bias[(group * shape.Rows) + row];
        return line;
    }

    /// <summary>A column of outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static LineOfC ColumnOfC<TProduct>(ArrayView<float> bias, TProduct product, ProductShape shape, int column)
        where TProduct : struct, IProduct
    {
        var line = new LineOfC { Place = column < shape.Columns ? product.OutputOfColumn(column) : -1 };
        if (shape.Bias != 0 & shape.BiasOfColumns != 0 & column < shape.Columns)
            line.Bias = bias[column];
        return line;
    }

    /// <summary>One element of B; zero where it is padding or there is no such depth, for which another element is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(ArrayView<float> b, Fiber column, Layer depth, bool hasDepth, Extents extents, WindowShape window)
    {
        var isInside = hasDepth
            & (window.KeepsD != 0 || (uint)(column.D + depth.D) < (uint)extents.D)
            & (window.KeepsH != 0 || (uint)(column.H + depth.H) < (uint)extents.H)
            & (window.KeepsW != 0 || (uint)(column.W + depth.W) < (uint)extents.W);
        var value = b[isInside ? column.Offset + depth.B : 0];
        return isInside ? value : 0f;
    }
}

/// <summary>A row or a column of outputs.</summary>
public struct LineOfC
{
    /// <summary>The part of an output's index that it gives; negative where there is no such line.</summary>
    public int Place;

    /// <summary>The bias of all of it, or zero.</summary>
    public float Bias;
}

/// <summary>The rows of A of which a thread loads elements.</summary>
public struct Rows
{
    /// <summary>The indices of their first elements.</summary>
    public int First, Second, Third, Fourth;

    /// <summary>A row, and those that follow it at a distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rows Of<TProduct>(TProduct product, ProductShape shape, int first, int distance, int group, WindowShape window)
        where TProduct : struct, IProduct => new()
        {
            First = TileMath.Row(product, shape, first, group, window),
            Second = TileMath.Row(product, shape, first + distance, group, window),
            Third = TileMath.Row(product, shape, first + (2 * distance), group, window),
            Fourth = TileMath.Row(product, shape, first + (3 * distance), group, window),
        };
}

/// <summary>The columns of B of which a thread loads elements.</summary>
public struct Columns
{
    /// <summary>Where they lie.</summary>
    public Fiber First, Second, Third, Fourth;

    /// <summary>A column, and those that follow it at a distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Columns Of<TProduct>(TProduct product, ProductShape shape, int first, int distance, int group, WindowShape window)
        where TProduct : struct, IProduct => new()
        {
            First = TileMath.Column(product, shape, first, group, window),
            Second = TileMath.Column(product, shape, first + distance, group, window),
            Third = TileMath.Column(product, shape, first + (2 * distance), group, window),
            Fourth = TileMath.Column(product, shape, first + (3 * distance), group, window),
        };
}

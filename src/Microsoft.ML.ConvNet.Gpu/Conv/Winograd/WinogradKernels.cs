using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// What is done before and after the products of <see cref="WinogradConv"/>. Idea: one thread a tile and channel, with all 36 numbers in registers; those of one point lie side by side in
/// memory as a matrix.
/// </summary>
public static class WinogradKernels
{
    /// <summary>The points of one filter's taps of one channel.</summary>
    public static void Filters(Index1D i, ArrayView<float> w, ArrayView<float> points, WinogradFilters filters)
    {
        var depth = i / filters.Rows;
        var begin = ((i - (depth * filters.Rows)) * filters.RowStep) + (depth * filters.DepthStep);
        var (first, step) = filters.Turned != 0 ? (begin + 8, -1) : (begin, 1);
        var (left, middle, right) = (Column(w, first, step), Column(w, first + step, step), Column(w, first + (2 * step), step));
        var count = filters.Rows * filters.Depth;
        Keep(points, i, count, 0, WinogradF43.Filter(left.P0, middle.P0, right.P0));
        Keep(points, i, count, 1, WinogradF43.Filter(left.P1, middle.P1, right.P1));
        Keep(points, i, count, 2, WinogradF43.Filter(left.P2, middle.P2, right.P2));
        Keep(points, i, count, 3, WinogradF43.Filter(left.P3, middle.P3, right.P3));
        Keep(points, i, count, 4, WinogradF43.Filter(left.P4, middle.P4, right.P4));
        Keep(points, i, count, 5, WinogradF43.Filter(left.P5, middle.P5, right.P5));
    }

    /// <summary>The points of one tile of a channel of x.</summary>
    public static void Inputs(Index1D i, ArrayView<float> x, ArrayView<float> points, WinogradTiles tiles)
    {
        var channel = i / tiles.Columns;
        var tile = tiles.At(i - (channel * tiles.Columns));
        var plane = ((tile.Sample * tiles.Channels) + channel) * tiles.Height * tiles.Width;
        var (row, column) = (tiles.RowOf(tile) - tiles.BeforeH, (tile.Column * WinogradF43.Outputs) - tiles.BeforeW);
        var c0 = Column(x, plane, row, column, tiles);
        var c1 = Column(x, plane, row, column + 1, tiles);
        var c2 = Column(x, plane, row, column + 2, tiles);
        var c3 = Column(x, plane, row, column + 3, tiles);
        var c4 = Column(x, plane, row, column + 4, tiles);
        var c5 = Column(x, plane, row, column + 5, tiles);
        var count = tiles.Columns * tiles.Channels;
        Keep(points, i, count, 0, WinogradF43.Input(c0.P0, c1.P0, c2.P0, c3.P0, c4.P0, c5.P0));
        Keep(points, i, count, 1, WinogradF43.Input(c0.P1, c1.P1, c2.P1, c3.P1, c4.P1, c5.P1));
        Keep(points, i, count, 2, WinogradF43.Input(c0.P2, c1.P2, c2.P2, c3.P2, c4.P2, c5.P2));
        Keep(points, i, count, 3, WinogradF43.Input(c0.P3, c1.P3, c2.P3, c3.P3, c4.P3, c5.P3));
        Keep(points, i, count, 4, WinogradF43.Input(c0.P4, c1.P4, c2.P4, c3.P4, c4.P4, c5.P4));
        Keep(points, i, count, 5, WinogradF43.Input(c0.P5, c1.P5, c2.P5, c3.P5, c4.P5, c5.P5));
    }

    /// <summary>The points of one tile of a channel of dY.</summary>
    public static void OutputGradients(Index1D i, ArrayView<float> dY, ArrayView<float> points, WinogradTiles tiles)
    {
        var channel = i / tiles.Columns;
        var tile = tiles.At(i - (channel * tiles.Columns));
        var plane = ((tile.Sample * tiles.Channels) + channel) * tiles.Height * tiles.Width;
        var (row, column) = (tiles.RowOf(tile), tile.Column * WinogradF43.Outputs);
        var c0 = GradientColumn(dY, plane, row, column, tiles);
        var c1 = GradientColumn(dY, plane, row, column + 1, tiles);
        var c2 = GradientColumn(dY, plane, row, column + 2, tiles);
        var c3 = GradientColumn(dY, plane, row, column + 3, tiles);
        var count = tiles.Columns * tiles.Channels;
        Keep(points, i, count, 0, WinogradF43.OutputGradient(c0.P0, c1.P0, c2.P0, c3.P0));
        Keep(points, i, count, 1, WinogradF43.OutputGradient(c0.P1, c1.P1, c2.P1, c3.P1));
        Keep(points, i, count, 2, WinogradF43.OutputGradient(c0.P2, c1.P2, c2.P2, c3.P2));
        Keep(points, i, count, 3, WinogradF43.OutputGradient(c0.P3, c1.P3, c2.P3, c3.P3));
        Keep(points, i, count, 4, WinogradF43.OutputGradient(c0.P4, c1.P4, c2.P4, c3.P4));
        Keep(points, i, count, 5, WinogradF43.OutputGradient(c0.P5, c1.P5, c2.P5, c3.P5));
    }

    /// <summary>The gradient of one filter's taps of one channel.</summary>
    public static void FilterGradients(Index1D i, ArrayView<float> products, ArrayView<float> dW, int count, int splits)
    {
        var c0 = FilterColumn(products, i, count, splits, 0);
        var c1 = FilterColumn(products, i, count, splits, 1);
        var c2 = FilterColumn(products, i, count, splits, 2);
        var c3 = FilterColumn(products, i, count, splits, 3);
        var c4 = FilterColumn(products, i, count, splits, 4);
        var c5 = FilterColumn(products, i, count, splits, 5);
        StoreTaps(dW, 9 * i, WinogradF43.FilterGradient(c0.T0, c1.T0, c2.T0, c3.T0, c4.T0, c5.T0));
        StoreTaps(dW, (9 * i) + 3, WinogradF43.FilterGradient(c0.T1, c1.T1, c2.T1, c3.T1, c4.T1, c5.T1));
        StoreTaps(dW, (9 * i) + 6, WinogradF43.FilterGradient(c0.T2, c1.T2, c2.T2, c3.T2, c4.T2, c5.T2));
    }

    /// <summary>One tile of a channel of y, and what follows.</summary>
    public static void Outputs(Index1D i, ArrayView<float> products, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> y, WinogradTiles tiles, WinogradEnd end)
    {
        var channel = i / tiles.Columns;
        var tile = tiles.At(i - (channel * tiles.Columns));
        if (tile.Sample >= tiles.Samples)
            return;
        var count = tiles.Columns * tiles.Channels;
        var c0 = OutputColumn(products, i, count, 0);
        var c1 = OutputColumn(products, i, count, 1);
        var c2 = OutputColumn(products, i, count, 2);
        var c3 = OutputColumn(products, i, count, 3);
        var c4 = OutputColumn(products, i, count, 4);
        var c5 = OutputColumn(products, i, count, 5);
        var added = end.Bias != 0 ? bias[channel] : 0f;
        var plane = ((tile.Sample * tiles.Channels) + channel) * tiles.Height * tiles.Width;
        var (row, column) = (tile.Row * WinogradF43.Outputs, tile.Column * WinogradF43.Outputs);
        Store(y, addend, plane, row, column, WinogradF43.Output(c0.X, c1.X, c2.X, c3.X, c4.X, c5.X), added, tiles, end);
        Store(y, addend, plane, row + 1, column, WinogradF43.Output(c0.Y, c1.Y, c2.Y, c3.Y, c4.Y, c5.Y), added, tiles, end);
        Store(y, addend, plane, row + 2, column, WinogradF43.Output(c0.Z, c1.Z, c2.Z, c3.Z, c4.Z, c5.Z), added, tiles, end);
        Store(y, addend, plane, row + 3, column, WinogradF43.Output(c0.W, c1.W, c2.W, c3.W, c4.W, c5.W), added, tiles, end);
    }

    /// <summary>The points along a column of taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Six Column(ArrayView<float> w, int first, int step) => WinogradF43.Filter(w[first], w[first + (3 * step)], w[first + (6 * step)]);

    /// <summary>The points along a column of inputs; outside of the plane they are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Six Column(ArrayView<float> x, int plane, int row, int column, WinogradTiles tiles) => WinogradF43.Input(
        tiles.Read(x, plane, row, column),
        tiles.Read(x, plane, row + 1, column),
        tiles.Read(x, plane, row + 2, column),
        tiles.Read(x, plane, row + 3, column),
        tiles.Read(x, plane, row + 4, column),
        tiles.Read(x, plane, row + 5, column));

    /// <summary>The points along a column of gradients; outside of the plane they are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Six GradientColumn(ArrayView<float> dY, int plane, int row, int column, WinogradTiles tiles) => WinogradF43.OutputGradient(
        tiles.Read(dY, plane, row, column), tiles.Read(dY, plane, row + 1, column), tiles.Read(dY, plane, row + 2, column), tiles.Read(dY, plane, row + 3, column));

    /// <summary>The gradients along a column of products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Three FilterColumn(ArrayView<float> products, int i, int count, int splits, int column) => WinogradF43.FilterGradient(
        Sum(products, i, count, splits, column),
        Sum(products, i, count, splits, column + 6),
        Sum(products, i, count, splits, column + 12),
        Sum(products, i, count, splits, column + 18),
        Sum(products, i, count, splits, column + 24),
        Sum(products, i, count, splits, column + 30));

    /// <summary>The sum of the parts of a product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(ArrayView<float> products, int i, int count, int splits, int point)
    {
        var sum = 0f;
        for (var split = 0; split < splits; split++)
            sum += products[i + (((split * WinogradF43.Points * WinogradF43.Points) + point) * count)];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTaps(ArrayView<float> dW, int first, Three taps)
    {
        dW[first] = taps.T0;
        dW[first + 1] = taps.T1;
        dW[first + 2] = taps.T2;
    }

    /// <summary>The outputs along a column of products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 OutputColumn(ArrayView<float> products, int i, int count, int column) => WinogradF43.Output(
        products[i + (column * count)],
        products[i + ((column + 6) * count)],
        products[i + ((column + 12) * count)],
        products[i + ((column + 18) * count)],
        products[i + ((column + 24) * count)],
        products[i + ((column + 30) * count)]);

    /// <summary>A row of points, each in its matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(ArrayView<float> points, int i, int count, int row, Six values)
    {
        var first = i + (WinogradF43.Points * row * count);
        points[first] = values.P0;
        points[first + count] = values.P1;
        points[first + (2 * count)] = values.P2;
        points[first + (3 * count)] = values.P3;
        points[first + (4 * count)] = values.P4;
        points[first + (5 * count)] = values.P5;
    }

    /// <summary>A row of outputs, as far as it lies in the plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ArrayView<float> y, ArrayView<float> addend, int plane, int row, int column, Float4 values, float added, WinogradTiles tiles, WinogradEnd end)
    {
        if (row >= tiles.Height)
            return;
        var first = plane + (row * tiles.Width) + column;
        y[first] = end.Of(values.X + added, addend, first);
        if (column + 1 < tiles.Width)
            y[first + 1] = end.Of(values.Y + added, addend, first + 1);
        if (column + 2 < tiles.Width)
            y[first + 2] = end.Of(values.Z + added, addend, first + 2);
        if (column + 3 < tiles.Width)
            y[first + 3] = end.Of(values.W + added, addend, first + 3);
    }
}

/// <summary>Where the taps of filters lie.</summary>
public struct WinogradFilters
{
    /// <summary>The depth of the products.</summary>
    public int Depth;

    /// <summary>The rows of the products: filters, or channels where the gradient of x is computed.</summary>
    public Divisor Rows;

    /// <summary>The distances in memory between neighbouring rows and depths.</summary>
    public int RowStep, DepthStep;

    /// <summary>Whether the taps come in opposite order: 1 or 0.</summary>
    public int Turned;
}

/// <summary>The tiles of some samples of a tensor.</summary>
public struct WinogradTiles
{
    /// <summary>The columns of the products: all tiles, and what is missing to a multiple of four.</summary>
    public Divisor Columns;

    /// <summary>The tiles of a plane, and of a row of it.</summary>
    public Divisor OfPlane, OfRow;

    /// <summary>The samples, and the channels of one.</summary>
    public int Samples, Channels;

    /// <summary>The extents of a plane.</summary>
    public int Height, Width;

    /// <summary>How far the first tile begins before the plane.</summary>
    public int BeforeH, BeforeW;

    /// <summary>The tile of a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly WinogradTile At(int column)
    {
        var sample = column / OfPlane;
        var tile = column - (sample * OfPlane);
        var row = tile / OfRow;
        return new WinogradTile { Sample = sample, Row = row, Column = tile - (row * OfRow) };
    }

    /// <summary>The row of its plane where a tile begins; below the plane where there is no such sample, so that all is zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int RowOf(WinogradTile tile) => tile.Sample < Samples ? tile.Row * WinogradF43.Outputs : Height + BeforeH;

    /// <summary>An element of a plane; zero outside. There is no branch: another element is read instead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Read(ArrayView<float> x, int plane, int row, int column)
    {
        var isInside = (uint)row < (uint)Height & (uint)column < (uint)Width;
        var value = x[isInside ? plane + (row * Width) + column : 0];
        return isInside ? value : 0f;
    }
}

/// <summary>A tile.</summary>
public struct WinogradTile
{
    /// <summary>Its sample, and its place among the tiles of a plane.</summary>
    public int Sample, Row, Column;
}

/// <summary>What follows the sums.</summary>
public struct WinogradEnd
{
    /// <summary>Whether there is a bias, an addition, a ReLU: 1 or 0.</summary>
    public int Bias, Adds, Relu;

    /// <summary>The output at an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Of(float value, ArrayView<float> addend, int index)
    {
        var sum = Adds != 0 ? value + addend[index] : value;
        return Relu != 0 && sum < 0f ? 0f : sum;
    }
}

using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Products in tiles of 128×128 by 256 threads, or of 64×128 by 128 threads where rows are few, with 8×8 sums a thread. Idea: 8 layers of A and B at a time go through registers to shared
/// memory, and the next are loaded while these are multiplied; of each layer a thread reads four vectors of four and makes 64 products. The layers are written out, because compilers do not unroll
/// a loop of that size, and its counter and addresses would cost a fifth of the instructions. A thread's rows and columns are two quads, half a tile apart, so that neighbouring threads read
/// neighbouring vectors; rows of shared memory are four floats longer than the tile, against bank conflicts of the stores.
/// </summary>
public static class LargeTile
{
    /// <summary>The columns of a tile, and the most rows.</summary>
    public const int Size = 128;

    private const int LayersLog = 3, Layers = 1 << LayersLog, Stride = Size + 4, Quads = Stride / 4, Half = Size / 8;

    /// <summary>One tile of C of one group and one split of the depth.</summary>
    public static void Run<TProduct>(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> c, ProductShape shape, TProduct product,
        SpecializedValue<ProductForm> form, SpecializedValue<int> rowsOfTile)
        where TProduct : struct, IProduct
    {
        var sharedA = SharedMemory.Allocate<float>(Layers * Stride);
        var sharedB = SharedMemory.Allocate<float>(Layers * Stride);
        var window = form.Value.Window;
        var thread = Group.IdxX;
        var (x, y) = (thread & 15, thread >> 4);
        var isFull = rowsOfTile.Value == Size;
        var (halfA, quadsA, quarterLog) = isFull ? (Half, Quads, 5) : (Half / 2, (Size / 8) + 1, 4);
        var (group, split) = (Grid.IdxZ / shape.Splits, Grid.IdxZ % shape.Splits);
        var (firstRow, firstColumn) = (Grid.IdxY * rowsOfTile.Value, Grid.IdxX * Size);

        // What this thread loads in each step: where it is one of half as many, the second half of the columns too.
        var shareA = Share.Of(thread, LayersLog, quarterLog, 4 * quadsA, form.Value.AByDepth, form.Value.AQuads);
        var shareB = Share.Of(thread, LayersLog, quarterLog, Stride, form.Value.BByDepth, form.Value.BQuads);
        var shareOfRight = shareB;
        shareOfRight.Slot += Size / 2;
        var rows = Rows.Of(product, shape, firstRow + shareA.Line, 1 << quarterLog, group, window);
        var columns = Columns.Of(product, shape, firstColumn + shareB.Line, 1 << quarterLog, group, window);
        var columnsOfRight = isFull ? default : Columns.Of(product, shape, firstColumn + (Size / 2) + shareB.Line, 1 << quarterLog, group, window);

        // What it multiplies: with the first vector as the beginning, the others lie at constant distances.
        var ownA = sharedA.Cast<Float4>().AsAligned16().SubView(y, (Layers * quadsA) - y);
        var ownB = sharedB.Cast<Float4>().AsAligned16().SubView(x, (Layers * Quads) - x);
        var sums = default(Blocks);

        var depth = split * shape.Chunk;
        var end = TileMath.Least(depth + shape.Chunk, shape.Depth);
        var (ofA, ofB) = (depth + shareA.Layer, depth + shareB.Layer);
        var nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), form.Value);
        var layer = TileMath.Depth(product, ofB, end, group, window);
        var nextB = TileMath.LoadB(product, b, columns, layer, ofB < end, form.Value);
        var nextOfRight = isFull ? default : TileMath.LoadB(product, b, columnsOfRight, layer, ofB < end, form.Value);
        for (; depth < end; depth += Layers)
        {
            Group.Barrier();
            TileMath.Keep(sharedA, shareA, nextA);
            TileMath.Keep(sharedB, shareB, nextB);
            if (!isFull)
                TileMath.Keep(sharedB, shareOfRight, nextOfRight);
            Group.Barrier();

            // The next layers are on their way while these are multiplied.
            ofA += Layers;
            ofB += Layers;
            nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), form.Value);
            layer = TileMath.Depth(product, ofB, end, group, window);
            nextB = TileMath.LoadB(product, b, columns, layer, ofB < end, form.Value);
            if (!isFull)
                nextOfRight = TileMath.LoadB(product, b, columnsOfRight, layer, ofB < end, form.Value);
            sums = sums.Plus(ownA, ownB, 0, 0, halfA, Half);
            sums = sums.Plus(ownA, ownB, quadsA, Quads, halfA, Half);
            sums = sums.Plus(ownA, ownB, 2 * quadsA, 2 * Quads, halfA, Half);
            sums = sums.Plus(ownA, ownB, 3 * quadsA, 3 * Quads, halfA, Half);
            sums = sums.Plus(ownA, ownB, 4 * quadsA, 4 * Quads, halfA, Half);
            sums = sums.Plus(ownA, ownB, 5 * quadsA, 5 * Quads, halfA, Half);
            sums = sums.Plus(ownA, ownB, 6 * quadsA, 6 * Quads, halfA, Half);
            sums = sums.Plus(ownA, ownB, 7 * quadsA, 7 * Quads, halfA, Half);
        }

        var (top, left) = (firstRow + (y * 4), firstColumn + (x * 4));
        TileMath.Store(c, bias, addend, shape, product, group, split, form.Value, top, left, sums.TopLeft);
        TileMath.Store(c, bias, addend, shape, product, group, split, form.Value, top, left + (4 * Half), sums.TopRight);
        TileMath.Store(c, bias, addend, shape, product, group, split, form.Value, top + (4 * halfA), left, sums.BottomLeft);
        TileMath.Store(c, bias, addend, shape, product, group, split, form.Value, top + (4 * halfA), left + (4 * Half), sums.BottomRight);
    }
}

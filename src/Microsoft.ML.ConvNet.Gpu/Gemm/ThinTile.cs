using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Products of few rows and many columns, such as convolutions of few filters: tiles of 8×128 or 16×128, with all rows of a column to each of 128 threads. Idea: neighbouring threads read neighbouring
/// elements of B, each once, straight from memory; only A, and where the elements of each depth lie, goes through shared memory, from where all threads read the same. The rows are a constant of
/// the compiled kernel.
/// </summary>
public static class ThinTile
{
    /// <summary>The most rows of a tile, and its columns.</summary>
    public const int MostRows = 16, Columns = 128;

    private const int LayersLog = 4, Layers = 1 << LayersLog;

    /// <summary>One tile of C of one group and one split of the depth.</summary>
    public static void Run<TProduct>(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> c, ProductShape shape, TProduct product,
        SpecializedValue<ProductForm> form, SpecializedValue<int> rowsOfTile)
        where TProduct : struct, IProduct
    {
        var sharedA = SharedMemory.Allocate<float>(Layers * MostRows);
        var sharedDepths = SharedMemory.Allocate<Layer>(Layers);
        var quadsA = sharedA.Cast<Float4>().AsAligned16();
        var window = form.Value.Window;
        var isHigh = rowsOfTile.Value > 8;
        var (rowsLog, quads) = isHigh ? (4, 4) : (3, 2);
        var thread = Group.IdxX;
        var (group, split) = (Grid.IdxZ / shape.Splits, Grid.IdxZ % shape.Splits);
        var (firstRow, columnOfC) = (Grid.IdxY << rowsLog, (Grid.IdxX * Columns) + thread);
        var column = TileMath.Column(product, shape, columnOfC, group, window);
        var extents = product.ExtentsOfB();

        // Four rows in each number of the block.
        var sums = default(Block);

        var depth = split * shape.Chunk;
        var end = TileMath.Least(depth + shape.Chunk, shape.Depth);
        for (; depth < end; depth += Layers)
        {
            Group.Barrier();
            for (var element = thread; element < Layers << rowsLog; element += Columns)
            {
                // Neighbouring threads load neighbours in memory.
                var layer = form.Value.AByDepth != 0 ? element & (Layers - 1) : element >> rowsLog;
                var row = form.Value.AByDepth != 0 ? element >> LayersLog : element & ((1 << rowsLog) - 1);
                var loaded = a[TileMath.Row(product, shape, firstRow + row, group, window) + TileMath.Depth(product, depth + layer, end, group, window).A];
                sharedA[(layer << rowsLog) + row] = depth + layer < end ? loaded : 0f;
            }

            if (thread < Layers)
                sharedDepths[thread] = TileMath.Depth(product, depth + thread, end, group, window);
            Group.Barrier();

            // Four elements of B are on their way at once.
            for (var layer = 0; layer < Layers; layer += 4)
            {
                var value0 = TileMath.Read(b, column, sharedDepths[layer], depth + layer < end, extents, window);
                var value1 = TileMath.Read(b, column, sharedDepths[layer + 1], depth + layer + 1 < end, extents, window);
                var value2 = TileMath.Read(b, column, sharedDepths[layer + 2], depth + layer + 2 < end, extents, window);
                var value3 = TileMath.Read(b, column, sharedDepths[layer + 3], depth + layer + 3 < end, extents, window);
                sums = Plus(sums, value0, quadsA, layer * quads, isHigh);
                sums = Plus(sums, value1, quadsA, (layer + 1) * quads, isHigh);
                sums = Plus(sums, value2, quadsA, (layer + 2) * quads, isHigh);
                sums = Plus(sums, value3, quadsA, (layer + 3) * quads, isHigh);
            }
        }

        TileMath.StoreColumn(c, bias, addend, shape, product, group, split, window, firstRow, columnOfC, sums.First);
        TileMath.StoreColumn(c, bias, addend, shape, product, group, split, window, firstRow + 4, columnOfC, sums.Second);
        if (isHigh)
        {
            TileMath.StoreColumn(c, bias, addend, shape, product, group, split, window, firstRow + 8, columnOfC, sums.Third);
            TileMath.StoreColumn(c, bias, addend, shape, product, group, split, window, firstRow + 12, columnOfC, sums.Fourth);
        }
    }

    /// <summary>The sums and the products of an element of B and a layer of A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Block Plus(Block sums, float value, ArrayView<Float4> a, int layer, bool isHigh) => new()
    {
        First = sums.First.Plus(value, a[layer]),
        Second = sums.Second.Plus(value, a[layer + 1]),
        Third = isHigh ? sums.Third.Plus(value, a[layer + 2]) : sums.Third,
        Fourth = isHigh ? sums.Fourth.Plus(value, a[layer + 3]) : sums.Fourth,
    };
}

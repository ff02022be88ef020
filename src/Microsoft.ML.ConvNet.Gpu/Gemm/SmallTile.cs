using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Products in tiles of 16×16, 32×32 or 64×64: side×side threads with 4×4 sums each, and side layers at a time, so that a thread always
/// loads four elements of A and four of B. Idea: as in <see cref="LargeTile"/>; more and smaller groups where a product has few large tiles. The
/// side is a constant of the compiled kernel.
/// </summary>
public static class SmallTile
{
    /// <summary>The largest side.</summary>
    public const int MostThreadsOfASide = 16;

    private const int SharedLength = MostThreadsOfASide * ((4 * MostThreadsOfASide) + 4);

    /// <summary>One tile of C of one group and one split of the depth.</summary>
    public static void Run<TProduct>(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> c, ProductShape shape, TProduct product,
        SpecializedValue<ProductForm> form, SpecializedValue<int> rowsOfTile)
        where TProduct : struct, IProduct
    {
        var sharedA = SharedMemory.Allocate<float>(SharedLength);
        var sharedB = SharedMemory.Allocate<float>(SharedLength);
        var quadsA = sharedA.Cast<Float4>().AsAligned16();
        var quadsB = sharedB.Cast<Float4>().AsAligned16();
        var logOfSide = rowsOfTile.Value == 64 ? 4 : rowsOfTile.Value == 32 ? 3 : 2;
        var side = 1 << logOfSide;
        var quads = side + 1;
        var stride = 4 * quads;
        var window = form.Value.Window;
        var thread = Group.IdxX;
        var (x, y) = (thread & (side - 1), thread >> logOfSide);
        var (group, split) = (Grid.IdxZ / shape.Splits, Grid.IdxZ % shape.Splits);
        var (firstRow, firstColumn) = (Grid.IdxY * 4 * side, Grid.IdxX * 4 * side);

        // What this thread loads in each step.
        var shareA = Share.Of(thread, logOfSide, logOfSide, stride, form.Value.AByDepth, form.Value.AQuads);
        var shareB = Share.Of(thread, logOfSide, logOfSide, stride, form.Value.BByDepth, form.Value.BQuads);
        var rows = Rows.Of(product, shape, firstRow + shareA.Line, side, group, window);
        var columns = Columns.Of(product, shape, firstColumn + shareB.Line, side, group, window);
        var sums = default(Block);

        var depth = split * shape.Chunk;
        var end = TileMath.Least(depth + shape.Chunk, shape.Depth);
        var (ofA, ofB) = (depth + shareA.Layer, depth + shareB.Layer);
        var nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), form.Value);
        var nextB = TileMath.LoadB(product, b, columns, TileMath.Depth(product, ofB, end, group, window), ofB < end, form.Value);
        for (; depth < end; depth += side)
        {
            Group.Barrier();
            TileMath.Keep(sharedA, shareA, nextA);
            TileMath.Keep(sharedB, shareB, nextB);
            Group.Barrier();

            // The next layers are on their way while these are multiplied.
            ofA += side;
            ofB += side;
            nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), form.Value);
            nextB = TileMath.LoadB(product, b, columns, TileMath.Depth(product, ofB, end, group, window), ofB < end, form.Value);
            for (var layer = 0; layer < side; layer += 4)
            {
                var layersA = quadsA.SubView((layer * quads) + y, (3 * quads) + 1);
                var layersB = quadsB.SubView((layer * quads) + x, (3 * quads) + 1);
                sums = sums.Plus(layersA[0], layersB[0]);
                sums = sums.Plus(layersA[quads], layersB[quads]);
                sums = sums.Plus(layersA[2 * quads], layersB[2 * quads]);
                sums = sums.Plus(layersA[3 * quads], layersB[3 * quads]);
            }
        }

        TileMath.Store(c, bias, addend, shape, product, group, split, form.Value, firstRow + (y * 4), firstColumn + (x * 4), sums);
    }
}

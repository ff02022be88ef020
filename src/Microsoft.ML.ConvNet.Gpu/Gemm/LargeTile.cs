using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Products in tiles of 128×128, 256 threads, 8×8 sums a thread. Idea: 8 layers of A and B at a time go through registers to shared memory, and
/// the next are loaded while these are multiplied; of each layer a thread reads four vectors of four and makes 64 products. The layers are written out, because compilers do not unroll
/// a loop of that size, and its counter and addresses would cost a fifth of the instructions. A thread's rows and columns are two quads, 64 apart, so that neighbouring threads read neighbouring vectors; rows of shared memory are four floats longer than the tile, against bank conflicts of the stores.
/// </summary>
public static class LargeTile
{
    /// <summary>The rows and columns of a tile.</summary>
    public const int Size = 128;

    /// <summary>The threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>The groups that a multiprocessor of NVIDIA's runs at once, so that one computes while the other waits: half its 65,536 registers are 128 for each thread.</summary>
    internal const int GroupsOfAMultiprocessor = 2;

    private const int LayersLog = 3, Layers = 1 << LayersLog, QuarterLog = 5, Stride = Size + 4, Quads = Stride / 4, Half = Size / 8;

    /// <summary>One tile of C of one group and one split of the depth.</summary>
    public static void Run<TProduct>(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> c, ProductShape shape, TProduct product,
        SpecializedValue<ProductForm> form)
        where TProduct : struct, IProduct
    {
        var sharedA = SharedMemory.Allocate<float>(Layers * Stride);
        var sharedB = SharedMemory.Allocate<float>(Layers * Stride);
        var quadsA = sharedA.Cast<Float4>().AsAligned16();
        var quadsB = sharedB.Cast<Float4>().AsAligned16();
        var window = form.Value.Window;
        var thread = Group.IdxX;
        var (x, y) = (thread & 15, thread >> 4);
        var (group, split) = (Grid.IdxZ / shape.Splits, Grid.IdxZ % shape.Splits);
        var (firstRow, firstColumn) = (Grid.IdxY * Size, Grid.IdxX * Size);

        // What this thread loads in each step.
        var shareA = Share.Of(thread, LayersLog, QuarterLog, Stride, form.Value.AByDepth, form.Value.AQuads);
        var shareB = Share.Of(thread, LayersLog, QuarterLog, Stride, form.Value.BByDepth, form.Value.BQuads);
        var rows = Rows.Of(product, shape, firstRow + shareA.Line, Size / 4, group, window);
        var columns = Columns.Of(product, shape, firstColumn + shareB.Line, Size / 4, group, window);
        // What it multiplies: with the first vector as the beginning, the others lie at constant distances.
        var ownA = quadsA.SubView(y, (Layers * Quads) - y);
        var ownB = quadsB.SubView(x, (Layers * Quads) - x);
        var sums = default(Blocks);

        var depth = split * shape.Chunk;
        var end = TileMath.Least(depth + shape.Chunk, shape.Depth);
        var (ofA, ofB) = (depth + shareA.Layer, depth + shareB.Layer);
        var nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), form.Value);
        var nextB = TileMath.LoadB(product, b, columns, TileMath.Depth(product, ofB, end, group, window), ofB < end, form.Value);
        for (; depth < end; depth += Layers)
        {
            Group.Barrier();
            TileMath.Keep(sharedA, shareA, nextA);
            TileMath.Keep(sharedB, shareB, nextB);
            Group.Barrier();

            // The next layers are on their way while these are multiplied.
            ofA += Layers;
            ofB += Layers;
            nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), form.Value);
            nextB = TileMath.LoadB(product, b, columns, TileMath.Depth(product, ofB, end, group, window), ofB < end, form.Value);
            sums = sums.Plus(ownA, ownB, 0, Half);
            sums = sums.Plus(ownA, ownB, Quads, Half);
            sums = sums.Plus(ownA, ownB, 2 * Quads, Half);
            sums = sums.Plus(ownA, ownB, 3 * Quads, Half);
            sums = sums.Plus(ownA, ownB, 4 * Quads, Half);
            sums = sums.Plus(ownA, ownB, 5 * Quads, Half);
            sums = sums.Plus(ownA, ownB, 6 * Quads, Half);
            sums = sums.Plus(ownA, ownB, 7 * Quads, Half);
        }

        var (top, left) = (firstRow + (y * 4), firstColumn + (x * 4));
        TileMath.Store(c, bias, addend, shape, product, group, split, window, top, left, sums.TopLeft);
        TileMath.Store(c, bias, addend, shape, product, group, split, window, top, left + (4 * Half), sums.TopRight);
        TileMath.Store(c, bias, addend, shape, product, group, split, window, top + (4 * Half), left, sums.BottomLeft);
        TileMath.Store(c, bias, addend, shape, product, group, split, window, top + (4 * Half), left + (4 * Half), sums.BottomRight);
    }
}

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
        SpecializedValue<ProductForm> form, SpecializedValue<int> threadsOfASide)
        where TProduct : struct, IProduct
    {
        var sharedA = SharedMemory.Allocate<float>(SharedLength);
        var sharedB = SharedMemory.Allocate<float>(SharedLength);
        var quadsA = sharedA.Cast<Float4>().AsAligned16();
        var quadsB = sharedB.Cast<Float4>().AsAligned16();
        var side = threadsOfASide.Value;
        var stride = (4 * side) + 4;
        var window = form.Value.Window;
        var thread = Group.IdxX;
        var (x, y) = (thread % side, thread / side);
        var (group, split) = (Grid.IdxZ / shape.Splits, Grid.IdxZ % shape.Splits);
        var (firstRow, firstColumn) = (Grid.IdxY * 4 * side, Grid.IdxX * 4 * side);

        // What this thread loads in each step.
        var shareA = Share.Of(thread, side, side, stride, form.Value.AByDepth, form.Value.AQuads);
        var shareB = Share.Of(thread, side, side, stride, form.Value.BByDepth, form.Value.BQuads);
        var rows = Rows.Of(product, shape, firstRow + shareA.Line, side, group, window);
        var columns = Columns.Of(product, shape, firstColumn + shareB.Line, side, group, window);
        float s00 = 0f, s01 = 0f, s02 = 0f, s03 = 0f;
        float s10 = 0f, s11 = 0f, s12 = 0f, s13 = 0f;
        float s20 = 0f, s21 = 0f, s22 = 0f, s23 = 0f;
        float s30 = 0f, s31 = 0f, s32 = 0f, s33 = 0f;

        var depth = split * shape.Chunk;
        var end = TileMath.Least(depth + shape.Chunk, shape.Depth);
        var (ofA, ofB) = (depth + shareA.Layer, depth + shareB.Layer);
        var nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), ofA < end, form.Value);
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
            nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), ofA < end, form.Value);
            nextB = TileMath.LoadB(product, b, columns, TileMath.Depth(product, ofB, end, group, window), ofB < end, form.Value);
            for (var layer = 0; layer < side; layer++)
            {
                Float4 p = quadsA[(layer * (side + 1)) + y], r = quadsB[(layer * (side + 1)) + x];
                s00 += p.X * r.X;
                s01 += p.X * r.Y;
                s02 += p.X * r.Z;
                s03 += p.X * r.W;
                s10 += p.Y * r.X;
                s11 += p.Y * r.Y;
                s12 += p.Y * r.Z;
                s13 += p.Y * r.W;
                s20 += p.Z * r.X;
                s21 += p.Z * r.Y;
                s22 += p.Z * r.Z;
                s23 += p.Z * r.W;
                s30 += p.W * r.X;
                s31 += p.W * r.Y;
                s32 += p.W * r.Z;
                s33 += p.W * r.W;
            }
        }

        var (top, left) = (firstRow + (y * 4), firstColumn + (x * 4));
        var to0 = new Index2D(TileMath.OutputOfColumn(product, shape, left), left);
        var to1 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 1), left + 1);
        var to2 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 2), left + 2);
        var to3 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 3), left + 3);
        var from = new Index2D(TileMath.OutputOfRow(product, shape, top, group, split, window), (group * shape.Rows) + top);
        TileMath.Store(c, bias, addend, shape, from, to0, s00);
        TileMath.Store(c, bias, addend, shape, from, to1, s01);
        TileMath.Store(c, bias, addend, shape, from, to2, s02);
        TileMath.Store(c, bias, addend, shape, from, to3, s03);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 1, group, split, window), (group * shape.Rows) + top + 1);
        TileMath.Store(c, bias, addend, shape, from, to0, s10);
        TileMath.Store(c, bias, addend, shape, from, to1, s11);
        TileMath.Store(c, bias, addend, shape, from, to2, s12);
        TileMath.Store(c, bias, addend, shape, from, to3, s13);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 2, group, split, window), (group * shape.Rows) + top + 2);
        TileMath.Store(c, bias, addend, shape, from, to0, s20);
        TileMath.Store(c, bias, addend, shape, from, to1, s21);
        TileMath.Store(c, bias, addend, shape, from, to2, s22);
        TileMath.Store(c, bias, addend, shape, from, to3, s23);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 3, group, split, window), (group * shape.Rows) + top + 3);
        TileMath.Store(c, bias, addend, shape, from, to0, s30);
        TileMath.Store(c, bias, addend, shape, from, to1, s31);
        TileMath.Store(c, bias, addend, shape, from, to2, s32);
        TileMath.Store(c, bias, addend, shape, from, to3, s33);
    }
}

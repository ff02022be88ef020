using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Products in tiles of 128×128, 256 threads, 8×8 sums a thread. Idea: 8 layers of A and B at a time go through registers to shared memory, and
/// the next are loaded while these are multiplied; of each layer a thread reads four vectors of four and makes 64 products. The sums are scalars:
/// arrays of a thread would lie in memory, and loops over them are not unrolled. A thread's rows and columns are two quads, 64 apart, so that
/// neighbouring threads read neighbouring vectors; rows of shared memory are four floats longer than the tile, against bank conflicts of the stores.
/// </summary>
public static class LargeTile
{
    /// <summary>The rows and columns of a tile.</summary>
    public const int Size = 128;

    /// <summary>The threads of a group.</summary>
    public const int Threads = 256;

    private const int Layers = 8, Stride = Size + 4, Quads = Stride / 4;

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
        var (x, y) = (thread % 16, thread / 16);
        var (group, split) = (Grid.IdxZ / shape.Splits, Grid.IdxZ % shape.Splits);
        var (firstRow, firstColumn) = (Grid.IdxY * Size, Grid.IdxX * Size);

        // What this thread loads in each step.
        var shareA = Share.Of(thread, Layers, Size / 4, Stride, form.Value.AByDepth, form.Value.AQuads);
        var shareB = Share.Of(thread, Layers, Size / 4, Stride, form.Value.BByDepth, form.Value.BQuads);
        var rows = Rows.Of(product, shape, firstRow + shareA.Line, Size / 4, group, window);
        var columns = Columns.Of(product, shape, firstColumn + shareB.Line, Size / 4, group, window);
        float s00 = 0f, s01 = 0f, s02 = 0f, s03 = 0f, s04 = 0f, s05 = 0f, s06 = 0f, s07 = 0f;
        float s10 = 0f, s11 = 0f, s12 = 0f, s13 = 0f, s14 = 0f, s15 = 0f, s16 = 0f, s17 = 0f;
        float s20 = 0f, s21 = 0f, s22 = 0f, s23 = 0f, s24 = 0f, s25 = 0f, s26 = 0f, s27 = 0f;
        float s30 = 0f, s31 = 0f, s32 = 0f, s33 = 0f, s34 = 0f, s35 = 0f, s36 = 0f, s37 = 0f;
        float s40 = 0f, s41 = 0f, s42 = 0f, s43 = 0f, s44 = 0f, s45 = 0f, s46 = 0f, s47 = 0f;
        float s50 = 0f, s51 = 0f, s52 = 0f, s53 = 0f, s54 = 0f, s55 = 0f, s56 = 0f, s57 = 0f;
        float s60 = 0f, s61 = 0f, s62 = 0f, s63 = 0f, s64 = 0f, s65 = 0f, s66 = 0f, s67 = 0f;
        float s70 = 0f, s71 = 0f, s72 = 0f, s73 = 0f, s74 = 0f, s75 = 0f, s76 = 0f, s77 = 0f;

        var depth = split * shape.Chunk;
        var end = TileMath.Least(depth + shape.Chunk, shape.Depth);
        var (ofA, ofB) = (depth + shareA.Layer, depth + shareB.Layer);
        var nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), ofA < end, form.Value);
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
            nextA = TileMath.LoadA(a, rows, TileMath.Depth(product, ofA, end, group, window), ofA < end, form.Value);
            nextB = TileMath.LoadB(product, b, columns, TileMath.Depth(product, ofB, end, group, window), ofB < end, form.Value);
            for (var layer = 0; layer < Layers; layer++)
            {
                Float4 p = quadsA[(layer * Quads) + y], q = quadsA[(layer * Quads) + 16 + y];
                Float4 r = quadsB[(layer * Quads) + x], s = quadsB[(layer * Quads) + 16 + x];
                s00 += p.X * r.X;
                s01 += p.X * r.Y;
                s02 += p.X * r.Z;
                s03 += p.X * r.W;
                s04 += p.X * s.X;
                s05 += p.X * s.Y;
                s06 += p.X * s.Z;
                s07 += p.X * s.W;
                s10 += p.Y * r.X;
                s11 += p.Y * r.Y;
                s12 += p.Y * r.Z;
                s13 += p.Y * r.W;
                s14 += p.Y * s.X;
                s15 += p.Y * s.Y;
                s16 += p.Y * s.Z;
                s17 += p.Y * s.W;
                s20 += p.Z * r.X;
                s21 += p.Z * r.Y;
                s22 += p.Z * r.Z;
                s23 += p.Z * r.W;
                s24 += p.Z * s.X;
                s25 += p.Z * s.Y;
                s26 += p.Z * s.Z;
                s27 += p.Z * s.W;
                s30 += p.W * r.X;
                s31 += p.W * r.Y;
                s32 += p.W * r.Z;
                s33 += p.W * r.W;
                s34 += p.W * s.X;
                s35 += p.W * s.Y;
                s36 += p.W * s.Z;
                s37 += p.W * s.W;
                s40 += q.X * r.X;
                s41 += q.X * r.Y;
                s42 += q.X * r.Z;
                s43 += q.X * r.W;
                s44 += q.X * s.X;
                s45 += q.X * s.Y;
                s46 += q.X * s.Z;
                s47 += q.X * s.W;
                s50 += q.Y * r.X;
                s51 += q.Y * r.Y;
                s52 += q.Y * r.Z;
                s53 += q.Y * r.W;
                s54 += q.Y * s.X;
                s55 += q.Y * s.Y;
                s56 += q.Y * s.Z;
                s57 += q.Y * s.W;
                s60 += q.Z * r.X;
                s61 += q.Z * r.Y;
                s62 += q.Z * r.Z;
                s63 += q.Z * r.W;
                s64 += q.Z * s.X;
                s65 += q.Z * s.Y;
                s66 += q.Z * s.Z;
                s67 += q.Z * s.W;
                s70 += q.W * r.X;
                s71 += q.W * r.Y;
                s72 += q.W * r.Z;
                s73 += q.W * r.W;
                s74 += q.W * s.X;
                s75 += q.W * s.Y;
                s76 += q.W * s.Z;
                s77 += q.W * s.W;
            }
        }

        var (top, left) = (firstRow + (y * 4), firstColumn + (x * 4));
        var to0 = new Index2D(TileMath.OutputOfColumn(product, shape, left), left);
        var to1 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 1), left + 1);
        var to2 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 2), left + 2);
        var to3 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 3), left + 3);
        var to4 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 64), left + 64);
        var to5 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 65), left + 65);
        var to6 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 66), left + 66);
        var to7 = new Index2D(TileMath.OutputOfColumn(product, shape, left + 67), left + 67);
        var from = new Index2D(TileMath.OutputOfRow(product, shape, top, group, split, window), (group * shape.Rows) + top);
        TileMath.Store(c, bias, addend, shape, from, to0, s00);
        TileMath.Store(c, bias, addend, shape, from, to1, s01);
        TileMath.Store(c, bias, addend, shape, from, to2, s02);
        TileMath.Store(c, bias, addend, shape, from, to3, s03);
        TileMath.Store(c, bias, addend, shape, from, to4, s04);
        TileMath.Store(c, bias, addend, shape, from, to5, s05);
        TileMath.Store(c, bias, addend, shape, from, to6, s06);
        TileMath.Store(c, bias, addend, shape, from, to7, s07);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 1, group, split, window), (group * shape.Rows) + top + 1);
        TileMath.Store(c, bias, addend, shape, from, to0, s10);
        TileMath.Store(c, bias, addend, shape, from, to1, s11);
        TileMath.Store(c, bias, addend, shape, from, to2, s12);
        TileMath.Store(c, bias, addend, shape, from, to3, s13);
        TileMath.Store(c, bias, addend, shape, from, to4, s14);
        TileMath.Store(c, bias, addend, shape, from, to5, s15);
        TileMath.Store(c, bias, addend, shape, from, to6, s16);
        TileMath.Store(c, bias, addend, shape, from, to7, s17);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 2, group, split, window), (group * shape.Rows) + top + 2);
        TileMath.Store(c, bias, addend, shape, from, to0, s20);
        TileMath.Store(c, bias, addend, shape, from, to1, s21);
        TileMath.Store(c, bias, addend, shape, from, to2, s22);
        TileMath.Store(c, bias, addend, shape, from, to3, s23);
        TileMath.Store(c, bias, addend, shape, from, to4, s24);
        TileMath.Store(c, bias, addend, shape, from, to5, s25);
        TileMath.Store(c, bias, addend, shape, from, to6, s26);
        TileMath.Store(c, bias, addend, shape, from, to7, s27);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 3, group, split, window), (group * shape.Rows) + top + 3);
        TileMath.Store(c, bias, addend, shape, from, to0, s30);
        TileMath.Store(c, bias, addend, shape, from, to1, s31);
        TileMath.Store(c, bias, addend, shape, from, to2, s32);
        TileMath.Store(c, bias, addend, shape, from, to3, s33);
        TileMath.Store(c, bias, addend, shape, from, to4, s34);
        TileMath.Store(c, bias, addend, shape, from, to5, s35);
        TileMath.Store(c, bias, addend, shape, from, to6, s36);
        TileMath.Store(c, bias, addend, shape, from, to7, s37);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 64, group, split, window), (group * shape.Rows) + top + 64);
        TileMath.Store(c, bias, addend, shape, from, to0, s40);
        TileMath.Store(c, bias, addend, shape, from, to1, s41);
        TileMath.Store(c, bias, addend, shape, from, to2, s42);
        TileMath.Store(c, bias, addend, shape, from, to3, s43);
        TileMath.Store(c, bias, addend, shape, from, to4, s44);
        TileMath.Store(c, bias, addend, shape, from, to5, s45);
        TileMath.Store(c, bias, addend, shape, from, to6, s46);
        TileMath.Store(c, bias, addend, shape, from, to7, s47);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 65, group, split, window), (group * shape.Rows) + top + 65);
        TileMath.Store(c, bias, addend, shape, from, to0, s50);
        TileMath.Store(c, bias, addend, shape, from, to1, s51);
        TileMath.Store(c, bias, addend, shape, from, to2, s52);
        TileMath.Store(c, bias, addend, shape, from, to3, s53);
        TileMath.Store(c, bias, addend, shape, from, to4, s54);
        TileMath.Store(c, bias, addend, shape, from, to5, s55);
        TileMath.Store(c, bias, addend, shape, from, to6, s56);
        TileMath.Store(c, bias, addend, shape, from, to7, s57);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 66, group, split, window), (group * shape.Rows) + top + 66);
        TileMath.Store(c, bias, addend, shape, from, to0, s60);
        TileMath.Store(c, bias, addend, shape, from, to1, s61);
        TileMath.Store(c, bias, addend, shape, from, to2, s62);
        TileMath.Store(c, bias, addend, shape, from, to3, s63);
        TileMath.Store(c, bias, addend, shape, from, to4, s64);
        TileMath.Store(c, bias, addend, shape, from, to5, s65);
        TileMath.Store(c, bias, addend, shape, from, to6, s66);
        TileMath.Store(c, bias, addend, shape, from, to7, s67);
        from = new Index2D(TileMath.OutputOfRow(product, shape, top + 67, group, split, window), (group * shape.Rows) + top + 67);
        TileMath.Store(c, bias, addend, shape, from, to0, s70);
        TileMath.Store(c, bias, addend, shape, from, to1, s71);
        TileMath.Store(c, bias, addend, shape, from, to2, s72);
        TileMath.Store(c, bias, addend, shape, from, to3, s73);
        TileMath.Store(c, bias, addend, shape, from, to4, s74);
        TileMath.Store(c, bias, addend, shape, from, to5, s75);
        TileMath.Store(c, bias, addend, shape, from, to6, s76);
        TileMath.Store(c, bias, addend, shape, from, to7, s77);
    }
}

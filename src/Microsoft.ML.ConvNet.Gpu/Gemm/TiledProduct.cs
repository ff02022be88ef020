using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Launches products of one kind. The tile follows from the extents; where tiles are few and deep the depth is split among groups, whose parts
/// a second launch adds in a fixed order (<see cref="Finish"/>).
/// </summary>
internal sealed class TiledProduct<TProduct>(KernelCache kernels)
    where TProduct : struct, IProduct
{
    private const int LeastDepthOfASplit = 128, LeastDepthOfAnEvenSplit = 1024, MostSplits = 256, EvenRounds = 4;

    private readonly Dictionary<Tile, Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ProductShape, TProduct, SpecializedValue<ProductForm>, SpecializedValue<int>>> _kernels = [];

    private readonly Finish _finish = new(kernels);

    /// <summary>The extents of the product of one group for so many samples.</summary>
    public required Func<int, ProductShape> ShapeOf { get; init; }

    /// <summary>The index maths for so many samples.</summary>
    public required Func<int, TProduct> ProductOf { get; init; }

    /// <summary>What follows.</summary>
    public required Epilogue Epilogue { get; init; }

    /// <summary>Whether the bias has a number for each column, rather than for each row of all groups.</summary>
    public bool BiasOfColumns { get; init; }

    /// <summary>The number of groups, each a product of its own.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether the product is all of the output, so that its depth may be split; yes by default.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>What the kernel is compiled for, for so many samples; operands that do not begin at a multiple of four are read one by one all the same.</summary>
    public required Func<int, ProductForm> FormOf { get; init; }

    /// <summary>The floats that the parts of splits take, for any batch up to the largest.</summary>
    public long WorkspaceLength(int maxBatch)
        => Enumerable.Range(1, maxBatch).Max(batch => ShapeOf(batch) is var shape && Splits(shape) is var splits && splits > 1 ? (long)splits * shape.Length : 0);

    /// <summary>Computes the product of two inputs, and what follows.</summary>
    public void Run(KernelCall call, int inputA, int inputB)
    {
        var (a, b, y) = (call.Input(inputA), call.Input(inputB), call.Output());
        var (bias, addend) = (Epilogue.BiasOf(call), Epilogue.AddendOf(call));
        var form = FormOf(call.Batch);
        form.AQuads = call.Inputs[inputA].Offset % 4 == 0 ? form.AQuads : 0;
        form.BQuads = call.Inputs[inputB].Offset % 4 == 0 ? form.BQuads : 0;
        form.CQuads = call.Output.Offset % 4 == 0 && call.Workspace.Offset % 4 == 0 && (Epilogue.AddendInput is not { } addendInput || call.Inputs[addendInput].Offset % 4 == 0)
            ? form.CQuads
            : 0;
        var shape = ShapeOf(call.Batch);
        var splits = shape.Splits = Splits(shape);
        shape.Chunk = ChunkOf(shape);
        if (splits == 1)
            (shape.Bias, shape.Adds, shape.Relu) = Epilogue.Flags;
        shape.BiasOfColumns = BiasOfColumns ? 1 : 0;
        var c = splits > 1 ? call.Workspace((long)splits * shape.Length) : y;
        Launch(a, b, bias, addend, c, shape, call.Batch, form);
        if (splits > 1)
            _finish.Run(call, c, splits, Epilogue);
    }

    /// <summary>Computes products of matrices that begin at multiples of four.</summary>
    /// <param name="a">The matrices A.</param>
    /// <param name="b">The matrices B.</param>
    /// <param name="c">The products, and those of the other splits after them.</param>
    /// <param name="samples">How many samples there are.</param>
    /// <param name="splits">Among how many the depth is split.</param>
    /// <param name="adds">Whether they are added to what is there.</param>
    public void Multiply(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int samples, int splits = 1, bool adds = false)
    {
        var shape = ShapeOf(samples);
        shape.Splits = splits;
        shape.Chunk = ChunkOf(shape);
        shape.Adds = adds ? 1 : 0;
        Launch(a, b, c, c, c, shape, samples, FormOf(samples));
    }

    /// <summary>Among how many groups the depth is best split.</summary>
    public int SplitsOf(int samples) => Splits(ShapeOf(samples));

    /// <summary>
    /// The largest tile that there are enough of, where need be by splitting the depth, and that is filled well. Where tiles are too few to keep the device busy it does not matter how well they are
    /// filled: then time goes by with the steps along the depth, of which small tiles of 64 take the fewest.
    /// </summary>
    internal static Tile ChooseTile(ProductShape shape, int groups)
    {
        var least = Math.Min(shape.Rows, shape.Columns);
        if (least >= 96 && IsEnough(Tile.Large))
            return Tile.Large;
        if (least > 32 && shape.Columns >= 96 && IsEnough(Tile.Wide))
            return Tile.Wide;
        if (least > 32 || Tile.Small(64).Covering(shape, groups) < Tile.Small(64).BusyGroups)
            return Tile.Small(64);
        if (shape.Rows <= 16 && shape.Columns >= 96)
            return Tile.Thin(shape.Rows > 8 ? 16 : 8);
        return Tile.Small(least > 16 ? 32 : 16);

        bool IsEnough(Tile tile) => tile.Covering(shape, groups) * MostSplitsOf(shape) >= tile.BusyGroups / 2;
    }

    /// <summary>
    /// As many splits as keep the device busy; and where the depth is large enough for its parts to take little memory beside the products, so many that groups run in several rounds, of
    /// which the last may be incomplete.
    /// </summary>
    internal static int ChooseSplits(ProductShape shape, Tile tile, int groups)
    {
        var tiles = tile.Covering(shape, groups);
        var busy = Math.Min(tile.BusyGroups / tiles, MostSplitsOf(shape));
        var even = Math.Min(EvenRounds * tile.BusyGroups / tiles, shape.Depth / LeastDepthOfAnEvenSplit);
        return (int)Math.Clamp(Math.Max(busy, even), 1, MostSplits);
    }

    private void Launch(
        ArrayView<float> a, ArrayView<float> b, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> c, ProductShape shape, int samples, ProductForm form)
    {
        var tile = TileOf(shape);
        var config = new KernelConfig(
            new Index3D(Tiles(shape.Columns, tile.Columns), Tiles(shape.Rows, tile.Rows), Groups * shape.Splits), new Index3D(tile.Threads, 1, 1));
        KernelOf(tile)(config, a, b, bias, addend, c, shape, ProductOf(samples), SpecializedValue.New(form), SpecializedValue.New(tile.Rows));
    }

    private Tile TileOf(ProductShape shape) => kernels.Tile ?? ChooseTile(shape, Groups);

    /// <summary>Loading takes time, and few tiles are used.</summary>
    private Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ProductShape, TProduct, SpecializedValue<ProductForm>, SpecializedValue<int>> KernelOf(Tile tile)
    {
        if (!_kernels.TryGetValue(tile, out var kernel))
        {
            _kernels.Add(tile, kernel = tile.IsLarge
                ? kernels.Groups<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ProductShape, TProduct, SpecializedValue<ProductForm>, SpecializedValue<int>>(LargeTile.Run<TProduct>, tile.Limits)
                : kernels.Groups<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ProductShape, TProduct, SpecializedValue<ProductForm>, SpecializedValue<int>>(
                    tile.IsThin ? ThinTile.Run<TProduct> : SmallTile.Run<TProduct>));
        }

        return kernel;
    }

    private int Splits(ProductShape shape) => IsWhole ? ChooseSplits(shape, TileOf(shape), Groups) : 1;

    private static int MostSplitsOf(ProductShape shape) => Math.Clamp(shape.Depth / LeastDepthOfASplit, 1, MostSplits);

    private static int ChunkOf(ProductShape shape) => (((shape.Depth + shape.Splits - 1) / shape.Splits) + 3) / 4 * 4;

    private static int Tiles(int extent, int size) => (extent + size - 1) / size;
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The forward pass with samples in the lanes, and its adjoint, the input gradient. Idea: for a block of tiles of one group of samples
/// transform the source's channels, multiply by the filters, a matrix product for each point, and transform the target's channels back.
/// The adjoint reads gradients of output tiles and adds to those of input tiles, which overlap: it has as many products as the forward
/// pass, also where the input is larger than the output. Layout: points [point][channel][tile][sample]. Lanes: samples. Groups run in
/// parallel, and the steps of a block where fewer groups are left than there are threads. The filters' points are kept until the weights change.
/// </summary>
internal sealed unsafe class WinogradBatchForward<TTile> : Kernel
    where TTile : struct, IWinogradTile
{
    private readonly ConvProblem _problem;
    private readonly WinogradGeometry _geometry;
    private readonly WorkerPool _pool;

    public WinogradBatchForward(ConvProblem problem, WorkerPool pool)
        => (_problem, _geometry, _pool) = (problem, WinogradGeometry.OfSamples(problem, WinogradSize.Of<TTile>()), pool);

    public override string Name => TTile.Name;

    public override long PreparedLength => WinogradBatchFilters<TTile>.Length(Filters);

    private bool IsAdjoint => _problem.Pass == ConvPass.InputGradient;

    private int Filters => _problem.X.C * _problem.Y.C;

    public override void Run(KernelCall call)
    {
        if (call.ParametersChanged)
            new WinogradBatchFilters<TTile>(call.Input(1), Filters, call.Prepared()).Run(_pool);
        var job = new GroupJob(this, call.Input(0), call.Prepared(), _problem.Bias(call), _problem.Addend(call), call.Output());
        _pool.RunNestedVectors(GemmBlocking.DivideRoundingUp(call.Batch, _problem.XLayout.Lanes), job);
    }

    /// <summary>All tiles of one group of samples.</summary>
    private readonly struct GroupJob(WinogradBatchForward<TTile> kernel, float* source, float* filters, float* bias, float* addend, float* target) : IVectorJob
    {
        public void Execute<S, V>(int group)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (g, pool) = (kernel._geometry, kernel._pool);
            var (x, y) = (kernel._problem.X.C, kernel._problem.Y.C);
            var (sources, targets) = kernel.IsAdjoint ? (y, x) : (x, y);
            var tiles = WinogradBatch.BlockTiles(g, WinogradSize.Of<TTile>(), sources + targets);
            var block = new Block
            {
                Kernel = kernel,
                Source = source,
                Filters = filters,
                Bias = bias,
                Addend = addend,
                Target = target,
                Channels = x,
                Sources = sources,
                Targets = targets,
                Pitch = tiles * S.Count,
                SourcePlane = ((nint)sources * tiles * S.Count) + S.Count,
                TargetPlane = ((nint)targets * tiles * S.Count) + S.Count,
            };
            block.SourcePoints = Scratch.Get(ScratchUse.WinogradInputs, TTile.Points * TTile.Points * block.SourcePlane);
            block.TargetPoints = Scratch.Get(ScratchUse.WinogradOutputs, TTile.Points * TTile.Points * block.TargetPlane);
            for (var first = 0; first < g.TilesPerImage; first += tiles)
            {
                block.IsFirst = first == 0;
                block.Place = g.Place((group * g.TilesPerImage) + first);
                block.Tiles = Math.Min(tiles, g.TilesPerImage - first);
                pool.Run(sources, new SourceJob<S, V>(block));
                pool.Run(TTile.Points * TTile.Points, new ProductJob<S, V>(block));
                pool.Run(targets, new TargetJob<S, V>(block));
            }
        }
    }

    /// <summary>Some tiles of one group, with the memory for their points.</summary>
    private struct Block
    {
        public WinogradBatchForward<TTile> Kernel;
        public float* Source, Filters, Bias, Addend, Target;
        public float* SourcePoints, TargetPoints;

        /// <summary>Floats from one point to the next.</summary>
        public nint SourcePlane, TargetPlane;

        /// <summary>Floats from one channel's tiles to the next one's.</summary>
        public int Pitch;

        /// <summary>The input channels of the layer, and the channels of what is read and written.</summary>
        public int Channels, Sources, Targets;

        public TilePlace Place;
        public int Tiles;
        public bool IsFirst;
    }

    /// <summary>Transforms the tiles of one channel of the source.</summary>
    private readonly struct SourceJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        public void Execute(int channel)
        {
            var g = block.Kernel._geometry;
            var points = block.SourcePoints + ((nint)channel * block.Pitch);
            if (block.Kernel.IsAdjoint)
                WinogradBlock<S, V, TTile>.OutputGradient(g, block.Source, channel * S.Count, block.Place, block.Tiles, points, block.SourcePlane, S.Count);
            else
                WinogradBlock<S, V, TTile>.Input(g, block.Source, channel * S.Count, block.Place, block.Tiles, points, block.SourcePlane, S.Count);
        }
    }

    /// <summary>The product of one point: target channels × source channels by source channels × tiles of samples.</summary>
    private readonly struct ProductJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        public void Execute(int point)
        {
            var filters = Matrix.RowMajor(block.Filters + (point * WinogradBatchFilters<TTile>.PlaneStride(block.Kernel.Filters)), block.Channels);
            if (block.Kernel.IsAdjoint)
                filters = filters.T;
            var source = block.SourcePoints + (point * block.SourcePlane);
            var target = block.TargetPoints + (point * block.TargetPlane);
            int vectors;
            for (var tile = 0; tile < block.Tiles; tile += vectors)
            {
                vectors = GemmPanel.Vectors(block.Tiles - tile);
                GemmPanel.Run<S, V>(
                    filters, Matrix.RowMajor(source + (tile * S.Count), block.Pitch), target + (tile * S.Count), block.Pitch,
                    block.Targets, vectors, block.Sources, GemmStartKind.Zero);
            }
        }
    }

    /// <summary>Transforms the products of one channel of the target back, and does what is fused.</summary>
    private readonly struct TargetJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        public void Execute(int channel)
        {
            var g = block.Kernel._geometry;
            var points = block.TargetPoints + ((nint)channel * block.Pitch);
            var bias = block.Bias == null ? 0f : block.Bias[channel];
            if (!block.Kernel.IsAdjoint)
            {
                var floor = block.Kernel._problem.Relu ? 0f : float.NegativeInfinity;
                WinogradBlock<S, V, TTile>.Output(
                    g, points, block.TargetPlane, S.Count, block.Place, block.Tiles, S.Create(bias), block.Addend, floor, block.Target, channel * S.Count);
                return;
            }

            var length = g.Height * g.Width * S.Count;
            if (block.IsFirst)
                new Span<float>(block.Target + ((((nint)block.Place.Sample * block.Channels) + channel) * length), length).Fill(bias);
            WinogradBlock<S, V, TTile>.InputGradient(
                g, points, block.TargetPlane, S.Count, block.Place, block.Tiles, block.Target, channel * S.Count);
        }
    }
}

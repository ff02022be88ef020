using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The weight gradient with samples in the lanes. Idea: sums over samples must not be sums over lanes, so dy is transposed to have output
/// channels in its lanes before it is transformed; then input channels × tiles of samples by tiles of samples × output channels is a
/// matrix product for each point, added to sums that stay in L2. Layout: points of x [point][channel][tile][sample], of dy
/// [point][tile][sample][channel], sums [point][input channel][output channel]. Lanes: samples of x, output channels of dy. Parts of the
/// groups, which the batch alone determines, are summed by themselves and added in order: the bits do not depend on the threads.
/// </summary>
internal sealed unsafe class WinogradBatchWeightGradient<TTile> : Kernel
    where TTile : struct, IWinogradTile
{
    /// <summary>The most parts that a gradient is cut into.</summary>
    private const int MaxParts = 16;

    private readonly ConvProblem _problem;
    private readonly WinogradGeometry _geometry;
    private readonly WorkerPool _pool;

    public WinogradBatchWeightGradient(ConvProblem problem, WorkerPool pool)
    {
        (_problem, _geometry, _pool) = (problem, WinogradGeometry.OfSamples(problem, WinogradSize.Of<TTile>()), pool);
        WorkspaceLength = (Parts(Groups(problem.MaxBatch)) - 1) * (long)problem.WeightLength;
    }

    public override string Name => TTile.Name;

    public override long WorkspaceLength { get; }

    private static int Planes => TTile.Points * TTile.Points;

    private static int Taps => TTile.Taps * TTile.Taps;

    public override void Run(KernelCall call)
    {
        var groups = Groups(call.Batch);
        var (dW, partials, length) = ((nint)call.Output(), (nint)call.Workspace(), _problem.WeightLength);
        _pool.RunNestedVectors(Parts(groups), new PartJob(this, groups, call.Input(0), call.Input(1), (float*)dW, (float*)partials));
        for (var part = 1; part < Parts(groups); part++)
            Pointwise.Map(_pool, (float*)dW, (float*)partials + ((part - 1) * (nint)length), (float*)dW, length, default(Add));
    }

    private static int Parts(int groups) => Math.Min(groups, MaxParts);

    private int Groups(int batch) => GemmBlocking.DivideRoundingUp(batch, _problem.XLayout.Lanes);

    /// <summary>The sum over some groups.</summary>
    private readonly struct PartJob(WinogradBatchWeightGradient<TTile> kernel, int groups, float* x, float* dY, float* dW, float* partials) : IVectorJob
    {
        public void Execute<S, V>(int part)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (problem, g, pool) = (kernel._problem, kernel._geometry, kernel._pool);
            var columns = WinogradBatch.Columns(problem);
            var tiles = WinogradBatch.BlockTiles(g, WinogradSize.Of<TTile>(), problem.X.C + columns);
            var block = new Block
            {
                X = x,
                DY = dY,
                Inputs = problem.X.C,
                Outputs = problem.Y.C,
                Columns = columns,
                Images = g,
                Gradients = g with { Outputs = columns, OutputStrides = new(g.OutputStrides.Block, (nint)columns * problem.Y.Plane) },
                Pitch = tiles * S.Count,
                XPlane = ((nint)problem.X.C * tiles * S.Count) + S.Count,
                DYPlane = ((nint)columns * tiles * S.Count) + S.Count,
                SumPlane = ((nint)columns * problem.X.C) + S.Count,
            };
            block.XPoints = Scratch.Get(ScratchUse.WinogradInputs, Planes * block.XPlane);
            block.DYPoints = Scratch.Get(ScratchUse.WinogradOutputs, Planes * block.DYPlane);
            block.Sums = Scratch.Get(ScratchUse.WinogradFilter, (Planes * block.SumPlane) + ((nint)Taps * columns * problem.X.C));
            block.Transposed = Scratch.Get(ScratchUse.WinogradGradient, (nint)WinogradBatch.TransposedLength(problem));

            var parts = Parts(groups);
            var (start, end) = (groups * part / parts, groups * (part + 1) / parts);
            for (block.Group = start; block.Group < end; block.Group++)
            {
                pool.Run(columns / S.Count, new TransposeJob<S, V>(block));
                for (block.First = 0; block.First < g.TilesPerImage; block.First += tiles)
                {
                    block.Tiles = Math.Min(tiles, g.TilesPerImage - block.First);
                    block.Start = block.Group == start && block.First == 0 ? GemmStartKind.Zero : GemmStartKind.Accumulate;
                    pool.Run(problem.X.C, new InputJob<S, V>(block));
                    pool.Run(S.Count, new GradientJob<S, V>(block));
                    pool.Run(Planes, new ProductJob<S, V>(block));
                }
            }

            Finish<S, V>(block, part == 0 ? dW : partials + ((part - 1) * (nint)problem.WeightLength));
        }

        /// <summary>From the points to the taps, and from lanes of output channels to the order of the weights.</summary>
        [MethodImpl(Hot.Loop)]
        private static void Finish<S, V>(in Block block, float* dW)
            where S : struct, ISimd<V>
            where V : struct
        {
            var columns = block.Columns;
            var taps = block.Sums + (Planes * block.SumPlane);
            for (nint input = 0; input < block.Inputs; input++)
            {
                for (var column = 0; column < columns; column += S.Count)
                    WinogradTransform.FilterGradient<S, V, TTile>(
                        block.Sums + (input * columns) + column, block.SumPlane, taps + (input * Taps * columns) + column, columns);
            }

            GemmPacking.Pack(taps, 1, columns, block.Outputs, block.Inputs * Taps, block.Inputs * Taps, dW);
        }
    }

    /// <summary>Some tiles of one group, with the memory for their points.</summary>
    private struct Block
    {
        public float* X, DY, Transposed, XPoints, DYPoints, Sums;

        /// <summary>Floats from one point to the next.</summary>
        public nint XPlane, DYPlane, SumPlane;

        /// <summary>Floats from one input channel's tiles to the next one's.</summary>
        public int Pitch;

        /// <summary>The channels of x and dy, and those of dy with idle lanes.</summary>
        public int Inputs, Outputs, Columns;

        /// <summary>The tiles of groups of samples, and those of samples of the transposed group.</summary>
        public WinogradGeometry Images, Gradients;

        public int Group, First, Tiles;
        public GemmStartKind Start;
    }

    /// <summary>A vector of channels of dy, from samples in the lanes to channels.</summary>
    private readonly struct TransposeJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        [MethodImpl(Hot.Loop)]
        public void Execute(int vector)
        {
            var places = block.Images.OutputHeight * block.Images.OutputWidth;
            var first = vector * S.Count;
            var present = Math.Min(S.Count, block.Outputs - first);
            var from = block.DY + ((((nint)block.Group * block.Outputs) + first) * places * S.Count);
            var to = block.Transposed + ((nint)first * places);
            var squares = LaneTranspose.Squares();
            for (nint place = 0; place < places; place++)
            {
                for (nint row = 0; row < S.Count; row++)
                    S.Store(row < present ? S.Load(from + (((row * places) + place) * S.Count)) : default, squares + (row * S.Count));
                var square = LaneTranspose.Run<S, V>(squares);
                for (nint sample = 0; sample < S.Count; sample++)
                    S.Store(S.Load(square + (sample * S.Count)), to + (((sample * block.Columns * places) + (place * S.Count))));
            }
        }
    }

    /// <summary>Transforms the tiles of one input channel.</summary>
    private readonly struct InputJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        public void Execute(int channel)
            => WinogradBlock<S, V, TTile>.Input(
                block.Images, block.X, channel * S.Count, block.Images.Place((block.Group * block.Images.TilesPerImage) + block.First), block.Tiles,
                block.XPoints + ((nint)channel * block.Pitch), block.XPlane, S.Count);
    }

    /// <summary>Transforms the tiles of the gradient of one sample.</summary>
    private readonly struct GradientJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        public void Execute(int sample)
        {
            var place = block.Gradients.Place((sample * block.Gradients.TilesPerImage) + block.First);
            for (var column = 0; column < block.Columns; column += S.Count)
            {
                WinogradBlock<S, V, TTile>.OutputGradient(
                    block.Gradients, block.Transposed, column, place, block.Tiles,
                    block.DYPoints + ((nint)sample * block.Columns) + column, block.DYPlane, S.Count * block.Columns);
            }
        }
    }

    /// <summary>The product of one point, added to its sums.</summary>
    private readonly struct ProductJob<S, V>(Block block) : IParallelJob
        where S : struct, ISimd<V>
        where V : struct
    {
        public void Execute(int point)
        {
            var images = Matrix.RowMajor(block.XPoints + (point * block.XPlane), block.Pitch);
            var gradients = block.DYPoints + (point * block.DYPlane);
            var sums = block.Sums + (point * block.SumPlane);
            int vectors;
            for (var column = 0; column < block.Columns; column += vectors * S.Count)
            {
                vectors = GemmPanel.Vectors((block.Columns - column) / S.Count);
                GemmPanel.Run<S, V>(
                    images, Matrix.RowMajor(gradients + column, block.Columns), sums + column, block.Columns,
                    block.Inputs, vectors, block.Tiles * S.Count, block.Start);
            }
        }
    }
}

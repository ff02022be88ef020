using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How the weight gradient is cut.</summary>
internal static class WinogradWeightGradient
{
    /// <summary>The channels of either side whose products are summed at a time: 36 sums for each pair are 2.3 MB, between L2 and L3.</summary>
    public const int BlockChannels = 128;

    /// <summary>The tiles between two visits to a sum: fewer visit too often, and the points of more leave the cache.</summary>
    public const int BlockTiles = 64;

    /// <summary>The blocks of the channels of one side.</summary>
    public static int Blocks(int channels) => GemmBlocking.DivideRoundingUp(channels, BlockChannels);
}

/// <summary>
/// The weight gradient: dW = Gᵀ[Σ (A·dy·Aᵀ) ⊙ (Bᵀ·x·B)]G, summed over the tiles of all images. Idea: for some output channels by some
/// input channels, transform a block of tiles of dy and x, then add a matrix product for each point to the sums, output channels ×
/// tiles by tiles × input channels; at the end transform the sums to taps. Layout: points [point][tile][channel], sums [point][output
/// channel][input channel]. Lanes: input channels, whose taps are a run of the weights. Pairs of channel blocks run in parallel, and
/// where they are few, groups of tiles, which the batch alone determines and whose gradients are added in order: the bits do not depend
/// on the threads.
/// </summary>
internal sealed unsafe class WinogradWeightGradient<S, V, TTile> : Kernel
    where S : struct, ISimd<V>
    where V : struct
    where TTile : struct, IWinogradTile
{
    /// <summary>The parts that a gradient is cut into, as far as its tiles suffice.</summary>
    private const int WantedChunks = 16;

    /// <summary>The fewest tiles of a group: enough that transforming its sums to taps does not count.</summary>
    private const int MinGroupTiles = 256;

    private const int BlockTiles = WinogradWeightGradient.BlockTiles;

    private readonly WinogradGeometry _geometry;
    private readonly WorkerPool _pool;
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _columnBlocks;
    private readonly int _pairs;
    private readonly int _weightLength;

    public WinogradWeightGradient(ConvProblem problem, WorkerPool pool)
    {
        (_geometry, _pool, _weightLength) = (WinogradGeometry.Of(problem, WinogradSize.Of<TTile>()), pool, problem.WeightLength);
        (_rows, var rowBlocks) = Split(_geometry.Outputs);
        (_columns, _columnBlocks) = Split(_geometry.Inputs);
        _pairs = rowBlocks * _columnBlocks;
        WorkspaceLength = (Groups(problem.MaxBatch) - 1) * (long)_weightLength;

        static (int Size, int Blocks) Split(int channels)
        {
            var blocks = WinogradWeightGradient.Blocks(channels);
            var size = GemmBlocking.DivideRoundingUp(channels / S.Count, blocks) * S.Count;
            return (size, GemmBlocking.DivideRoundingUp(channels, size));
        }
    }

    public override string Name => TTile.Name;

    public override long WorkspaceLength { get; }

    private static int Planes => TTile.Points * TTile.Points;

    private static int Taps => TTile.Taps * TTile.Taps;

    public override void Run(KernelCall call)
    {
        var tiles = call.Batch * _geometry.TilesPerImage;
        var groups = Groups(call.Batch);
        var (dW, partials) = ((nint)call.Output(), (nint)call.Workspace());
        _pool.Run(groups * _pairs, new BlockJob(
            this, tiles, GemmBlocking.DivideRoundingUp(tiles, groups), call.Input(0), call.Input(1), (float*)dW, (float*)partials));
        for (var group = 1; group < groups; group++)
            Pointwise.Map(_pool, (float*)dW, (float*)partials + ((group - 1) * (nint)_weightLength), (float*)dW, _weightLength, default(Add));
    }

    /// <summary>The groups of tiles that are summed by themselves, by the batch alone.</summary>
    private int Groups(int batch)
        => Math.Clamp(batch * _geometry.TilesPerImage / MinGroupTiles, 1, GemmBlocking.DivideRoundingUp(WantedChunks, _pairs));

    /// <summary>The sum over one group of tiles for some of the output channels by some of the input channels.</summary>
    private readonly struct BlockJob(
        WinogradWeightGradient<S, V, TTile> kernel, int tiles, int groupTiles, float* x, float* dY, float* dW, float* partials) : IParallelJob
    {
        public void Execute(int chunk)
        {
            var g = kernel._geometry;
            var (group, pair) = (chunk / kernel._pairs, chunk % kernel._pairs);
            var (firstRow, firstColumn) = (pair / kernel._columnBlocks * kernel._rows, pair % kernel._columnBlocks * kernel._columns);
            var (rows, columns) = (Math.Min(kernel._rows, g.Outputs - firstRow), Math.Min(kernel._columns, g.Inputs - firstColumn));
            var (rowPlane, columnPlane) = (((nint)BlockTiles * rows) + S.Count, ((nint)BlockTiles * columns) + S.Count);
            var sumPlane = ((nint)rows * columns) + S.Count;
            var xPoints = Scratch.Get(ScratchUse.WinogradInputs, Planes * columnPlane);
            var dYPoints = Scratch.Get(ScratchUse.WinogradOutputs, Planes * rowPlane);
            var sums = Scratch.Get(ScratchUse.WinogradFilter, (Planes * sumPlane) + (Taps * columns));

            var (start, end) = (group * groupTiles, Math.Min(tiles, (group + 1) * groupTiles));
            for (var tile = start; tile < end; tile += BlockTiles)
            {
                var (count, place) = (Math.Min(BlockTiles, end - tile), g.Place(tile));
                for (var channel = 0; channel < columns; channel += S.Count)
                    WinogradBlock<S, V, TTile>.Input(g, x, firstColumn + channel, place, count, xPoints + channel, columnPlane, columns);
                for (var channel = 0; channel < rows; channel += S.Count)
                    WinogradBlock<S, V, TTile>.OutputGradient(g, dY, firstRow + channel, place, count, dYPoints + channel, rowPlane, rows);
                for (var point = 0; point < Planes; point++)
                {
                    Accumulate(
                        rows, columns, count, dYPoints + (point * rowPlane), xPoints + (point * columnPlane), sums + (point * sumPlane),
                        tile == start ? GemmStartKind.Zero : GemmStartKind.Accumulate);
                }
            }

            var gradient = group == 0 ? dW : partials + ((group - 1) * (nint)kernel._weightLength);
            var offset = (((nint)firstRow * g.Inputs) + firstColumn) * Taps;
            Finish(g, rows, columns, sums, sumPlane, sums + (Planes * sumPlane), gradient + offset);
        }

        /// <summary>sums += dyᵀ·x, over the tiles of a block.</summary>
        private static void Accumulate(int rows, int columns, int count, float* dYPoint, float* xPoint, float* sums, GemmStartKind start)
        {
            var gradients = Matrix.RowMajor(dYPoint, rows).T;
            int vectors;
            for (var column = 0; column < columns; column += vectors * S.Count)
            {
                vectors = GemmPanel.Vectors((columns - column) / S.Count);
                GemmPanel.Run<S, V>(gradients, Matrix.RowMajor(xPoint + column, columns), sums + column, columns, rows, vectors, count, start);
            }
        }

        /// <summary>From the points to the taps, and from lanes of input channels to the order of the weights.</summary>
        [MethodImpl(Hot.Loop)]
        private static void Finish(WinogradGeometry g, int rows, int columns, float* sums, nint sumPlane, float* taps, float* dW)
        {
            for (var row = 0; row < rows; row++, sums += columns, dW += g.Inputs * Taps)
            {
                for (var column = 0; column < columns; column += S.Count)
                    WinogradTransform.FilterGradient<S, V, TTile>(sums + column, sumPlane, taps + column, columns);
                GemmPacking.Pack(taps, 1, columns, columns, Taps, Taps, dW);
            }
        }
    }
}

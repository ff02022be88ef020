using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The forward pass, and the input gradient. Idea: a block of tiles, of one image or several, goes through three steps before the next
/// block does: its input channels are transformed, multiplied by the filters, a matrix product for each point, and its output channels
/// transformed back, when bias, addend and ReLU cost nothing more. Layout: points [point][tile][channel], the points a little further
/// apart than their lengths, which are powers of two that caches cannot hold side by side. Lanes: channels. The filters' points are
/// kept until the weights change.
/// </summary>
internal sealed unsafe class WinogradForward<S, V, TTile> : Kernel
    where S : struct, ISimd<V>
    where V : struct
    where TTile : struct, IWinogradTile
{
    /// <summary>The most tiles of a block: fewer read the filters more often, and more leave the cache between two steps.</summary>
    private const int MaxBlockTiles = 64;

    /// <summary>The fewest tiles of a block where blocks run in parallel.</summary>
    private const int MinBlockTiles = 32;

    private readonly ConvProblem _problem;
    private readonly WinogradGeometry _geometry;
    private readonly WorkerPool _pool;

    public WinogradForward(ConvProblem problem, WorkerPool pool)
        => (_problem, _geometry, _pool) = (problem, WinogradGeometry.Of(problem, WinogradSize.Of<TTile>()), pool);

    public override string Name => TTile.Name;

    public override long PreparedLength => WinogradFilters<S, V, TTile>.Length(_geometry);

    private static int Planes => TTile.Points * TTile.Points;

    public override void Run(KernelCall call)
    {
        if (call.ParametersChanged)
        {
            var filters = new WinogradFilters<S, V, TTile>(call.Input(1), _geometry, _problem.Pass == ConvPass.InputGradient, call.Prepared());
            _pool.Run(filters.Chunks, filters);
        }

        // Blocks run in parallel, as many on each thread; where that makes them too small, the steps of a block do. No result depends on it.
        var operands = new Operands(call.Input(0), call.Prepared(), _problem.Bias(call), _problem.Accumulates ? call.Output() : _problem.Addend(call), call.Output());
        var tiles = call.Batch * _geometry.TilesPerImage;
        var rounds = GemmBlocking.DivideRoundingUp(tiles, MaxBlockTiles * _pool.Threads);
        var blockTiles = GemmBlocking.DivideRoundingUp(tiles, rounds * _pool.Threads);
        if (blockTiles >= MinBlockTiles)
        {
            var job = new BlockJob(this, tiles, blockTiles, operands);
            _pool.Run(job.Blocks, job);
            return;
        }

        var large = new BlockJob(this, tiles, MaxBlockTiles, operands);
        for (var block = 0; block < large.Blocks; block++)
            large.Execute(block);
    }

    private readonly struct Operands(float* input, float* filters, float* bias, float* addend, float* output)
    {
        public readonly float* Input = input;
        public readonly float* Filters = filters;
        public readonly float* Bias = bias;
        public readonly float* Addend = addend;
        public readonly float* Output = output;
    }

    /// <summary>Some tiles, through all three steps while they are in the cache.</summary>
    private readonly struct BlockJob(WinogradForward<S, V, TTile> kernel, int tiles, int blockTiles, Operands operands) : IParallelJob
    {
        public int Blocks => GemmBlocking.DivideRoundingUp(tiles, blockTiles);

        public void Execute(int block)
        {
            var g = kernel._geometry;
            var first = block * blockTiles;
            var count = Math.Min(blockTiles, tiles - first);
            var inputPlane = ((nint)blockTiles * g.Inputs) + S.Count;
            var outputPlane = ((nint)blockTiles * g.Outputs) + S.Count;
            var inputs = Scratch.Get(ScratchUse.WinogradInputs, Planes * inputPlane);
            var outputs = Scratch.Get(ScratchUse.WinogradOutputs, Planes * outputPlane);
            var place = g.Place(first);
            kernel._pool.Run(g.Inputs / S.Count, new InputJob(g, place, count, operands, inputs, inputPlane));
            kernel._pool.Run(Planes, new ProductJob(g, count, operands, inputs, inputPlane, outputs, outputPlane));
            kernel._pool.Run(g.Outputs / S.Count, new OutputJob(g, kernel._problem.Relu, place, count, operands, outputs, outputPlane));
        }
    }

    /// <summary>Transforms the input tiles for a vector of channels.</summary>
    private readonly struct InputJob(WinogradGeometry g, TilePlace start, int count, Operands operands, float* points, nint plane) : IParallelJob
    {
        public void Execute(int vector)
            => WinogradBlock<S, V, TTile>.Input(g, operands.Input, vector * S.Count, start, count, points + (vector * S.Count), plane, g.Inputs);
    }

    /// <summary>The product of one point: tiles × input channels by input channels × output channels.</summary>
    private readonly struct ProductJob(
        WinogradGeometry g, int count, Operands operands, float* inputs, nint inputPlane, float* outputs, nint outputPlane) : IParallelJob
    {
        public void Execute(int point)
        {
            var tiles = Matrix.RowMajor(inputs + (point * inputPlane), g.Inputs);
            var filters = operands.Filters + (point * WinogradFilters<S, V, TTile>.PlaneStride(g));
            int vectors;
            for (var output = 0; output < g.Outputs; output += vectors * S.Count)
            {
                vectors = GemmPanel.Vectors((g.Outputs - output) / S.Count);
                var panel = Matrix.RowMajor(filters + ((nint)output * g.Inputs), vectors * S.Count);
                GemmPanel.Run<S, V>(
                    tiles, panel, outputs + (point * outputPlane) + output, g.Outputs, count, vectors, g.Inputs, GemmStartKind.Zero);
            }
        }
    }

    /// <summary>Transforms the products for a vector of channels back, and does what is fused.</summary>
    private readonly struct OutputJob(
        WinogradGeometry g, bool relu, TilePlace start, int count, Operands operands, float* points, nint plane) : IParallelJob
    {
        public void Execute(int vector)
        {
            var channel = vector * S.Count;
            var bias = operands.Bias == null ? default : S.Load(operands.Bias + channel);
            WinogradBlock<S, V, TTile>.Output(
                g, points + channel, plane, g.Outputs, start, count, bias, operands.Addend, relu ? 0f : float.NegativeInfinity, operands.Output, channel);
        }
    }
}

using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Tiled and locally connected convolution as matrix products. Idea: the places of one tile, over many samples, share their
/// filters; with their windows as the rows of a matrix, forward is W·windowsᵀ, the weight gradient dy·windows, and the windows'
/// gradient dyᵀ·W, which is added back to where they came from. The many samples matter: a locally connected layer has one place
/// a tile, and reads each weight once for all of them. Layout: windows as (sample, row, column)×(C·kernel), so that a window's
/// rows are copied; outputs as filters×(sample, row, column). Lanes: those of <see cref="Gemm"/>. Tiles run in parallel, in the
/// input gradient blocks of samples, because the windows of different tiles overlap; all sums are in a fixed order. Win: 2×2 tiles
/// of 3×3 windows on 32×28×28 run at 55 GFLOP/s on one thread, a locally connected layer on 16×14×14 with batch 32 at 28.
/// </summary>
internal static unsafe class TiledConv
{
    /// <summary>Windows that are made at a time: half a megabyte of floats, for the second-level cache.</summary>
    private const int FloatsPerBlock = 1 << 17;

    /// <summary>Samples that run on one thread in the input gradient.</summary>
    private const int SamplesPerChunk = 8;

    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        const string Name = "windows + GEMM";
        switch (signature.Op)
        {
            case TiledConvOp op:
                {
                    var shape = new Layout(op.Window, op.Tiles, signature.Inputs[0].Shape, signature.Output.Shape);
                    return new FunctionKernel(Name, call =>
                    {
                        var job = new ForwardJob(
                            pool, shape, call.Batch, call.Input(0), call.Input(1), call.Inputs.Length > 2 ? call.Input(2) : null, call.Output());
                        pool.Run(job.Chunks, job);
                    });
                }

            case TiledConvInputGradientOp op:
                {
                    var shape = new Layout(op.Window, op.Tiles, signature.Output.Shape, signature.Inputs[0].Shape);
                    return new FunctionKernel(Name, call => pool.Run(
                        GemmBlocking.DivideRoundingUp(call.Batch, SamplesPerChunk),
                        new InputGradientJob(pool, shape, call.Batch, call.Input(0), call.Input(1), call.Output())));
                }

            case TiledConvWeightGradientOp op:
                {
                    var shape = new Layout(op.Window, op.Tiles, signature.Inputs[0].Shape, signature.Inputs[1].Shape);
                    return new FunctionKernel(Name, call => pool.Run(
                        shape.Tiles, new WeightGradientJob(pool, shape, call.Batch, call.Input(0), call.Input(1), call.Output())));
                }

            default:
                return null;
        }
    }

    /// <summary>The numbers of a problem that the loops need.</summary>
    private readonly struct Layout(Window window, Size tiles, Shape x, Shape y)
    {
        public readonly int Channels = x.C;
        public readonly int Filters = y.C;
        public readonly int FilterLength = x.C * window.Taps;
        public readonly nint TileLength = (nint)y.C * x.C * window.Taps;
        public readonly nint XLength = x.Length;
        public readonly nint YLength = y.Length;
        public readonly int TilesAcross = tiles.Width;
        public readonly int TilesDown = tiles.Height;
        public readonly WindowGeometry Geometry = new(
            x.H, x.W, y.H, y.W, window.Height.Size, window.Width.Size, window.Height.Stride, window.Width.Stride,
            window.Height.Before, window.Width.Before, window.Height.Dilation, window.Width.Dilation);

        public int Tiles => TilesAcross * TilesDown;

        public Tile this[int tile] => new(
            tile, tile / TilesAcross, tile % TilesAcross,
            GemmBlocking.DivideRoundingUp(Geometry.OutputHeight - (tile / TilesAcross), TilesDown),
            GemmBlocking.DivideRoundingUp(Geometry.OutputWidth - (tile % TilesAcross), TilesAcross));

        /// <summary>The samples whose windows in the fullest tile, the first, are made at a time.</summary>
        public int SamplesPerBlock => (int)Math.Max(1, FloatsPerBlock / ((nint)this[0].Places * FilterLength));

        public float* Windows(int samples, in Tile tile) => Scratch.Get(ScratchUse.Im2Col, (nint)samples * tile.Places * FilterLength);

        public float* Outputs(int samples, in Tile tile) => Scratch.Get(ScratchUse.TiledOutputs, (nint)samples * tile.Places * Filters);
    }

    /// <summary>The places of one tile: from (<paramref name="Top"/>, <paramref name="Left"/>) on, a number of tiles apart.</summary>
    private readonly record struct Tile(int Index, int Top, int Left, int Rows, int Columns)
    {
        public int Places => Rows * Columns;
    }

    private readonly struct ForwardJob(WorkerPool pool, Layout s, int batch, float* x, float* w, float* bias, float* y) : IParallelJob
    {
        private readonly int _perBlock = s.SamplesPerBlock;

        private int Blocks => GemmBlocking.DivideRoundingUp(batch, _perBlock);

        public int Chunks => s.Tiles * Blocks;

        public void Execute(int chunk)
        {
            var tile = s[chunk / Blocks];
            var first = chunk % Blocks * _perBlock;
            var samples = Math.Min(_perBlock, batch - first);
            var places = samples * tile.Places;
            var (windows, outputs) = ((nint)s.Windows(samples, tile), (nint)s.Outputs(samples, tile));
            Gather(s, tile, x + (first * s.XLength), samples, (float*)windows);
            Gemm.Run(
                pool, s.Filters, places, s.FilterLength,
                Matrix.RowMajor(w + (tile.Index * s.TileLength), s.FilterLength),
                Matrix.RowMajor((float*)windows, s.FilterLength).T,
                (float*)outputs, places,
                bias == null ? GemmStart.Zero : GemmStart.RowBias(bias));
            WriteOutputs(s, tile, (float*)outputs, samples, y + (first * s.YLength));
        }
    }

    private readonly struct InputGradientJob(WorkerPool pool, Layout s, int batch, float* dY, float* w, float* dX) : IParallelJob
    {
        public void Execute(int chunk)
        {
            var start = chunk * SamplesPerChunk;
            var end = Math.Min(batch, start + SamplesPerChunk);
            new Span<float>(dX + (start * s.XLength), (int)((end - start) * s.XLength)).Clear();
            for (var index = 0; index < s.Tiles; index++)
            {
                var tile = s[index];
                var perBlock = s.SamplesPerBlock;
                for (var first = start; first < end; first += perBlock)
                {
                    var samples = Math.Min(perBlock, end - first);
                    var places = samples * tile.Places;
                    var windows = s.Windows(samples, tile);
                    var outputs = s.Outputs(samples, tile);
                    ReadOutputs(s, tile, dY + (first * s.YLength), samples, outputs);
                    Gemm.Run(
                        pool, places, s.FilterLength, s.Filters,
                        Matrix.RowMajor(outputs, places).T,
                        Matrix.RowMajor(w + (index * s.TileLength), s.FilterLength),
                        windows, s.FilterLength, GemmStart.Zero);
                    Scatter(s, tile, windows, samples, dX + (first * s.XLength));
                }
            }
        }
    }

    private readonly struct WeightGradientJob(WorkerPool pool, Layout s, int batch, float* x, float* dY, float* dW) : IParallelJob
    {
        public void Execute(int index)
        {
            var tile = s[index];
            var perBlock = s.SamplesPerBlock;
            for (var first = 0; first < batch; first += perBlock)
            {
                var samples = Math.Min(perBlock, batch - first);
                var places = samples * tile.Places;
                var windows = s.Windows(samples, tile);
                var outputs = s.Outputs(samples, tile);
                Gather(s, tile, x + (first * s.XLength), samples, windows);
                ReadOutputs(s, tile, dY + (first * s.YLength), samples, outputs);
                Gemm.Run(
                    pool, s.Filters, s.FilterLength, places,
                    Matrix.RowMajor(outputs, places),
                    Matrix.RowMajor(windows, s.FilterLength),
                    dW + (index * s.TileLength), s.FilterLength,
                    first == 0 ? GemmStart.Zero : GemmStart.Accumulate);
            }
        }
    }

    /// <summary>The windows of one tile's places, one after the other.</summary>
    [MethodImpl(Hot.Loop)]
    private static void Gather(in Layout s, in Tile tile, float* x, int samples, float* windows)
    {
        var g = s.Geometry;
        for (var place = 0; place < samples * tile.Places; place++)
        {
            var (plane, startY, startX) = Window(s, tile, place);
            var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
            var (firstX, endX) = WindowGeometry.TapsInside(startX, g.Width, g.KernelWidth, g.DilationX);
            var isInside = endY - firstY == g.KernelHeight && endX - firstX == g.KernelWidth;
            if (!isInside)
                new Span<float>(windows, s.FilterLength).Clear();
            for (var channel = 0; channel < s.Channels; channel++, windows += g.KernelSize)
            {
                for (var ky = firstY; ky < endY; ky++)
                {
                    var source = x + ((plane + channel) * g.PlaneSize) + ((nint)(startY + (ky * g.DilationY)) * g.Width) + startX;
                    var target = windows + (ky * g.KernelWidth);
                    for (var kx = firstX; kx < endX; kx++)
                        target[kx] = source[kx * g.DilationX];
                }
            }
        }
    }

    /// <summary>dX += the windows of one tile's places, each element added where it came from.</summary>
    [MethodImpl(Hot.Loop)]
    private static void Scatter(in Layout s, in Tile tile, float* windows, int samples, float* dX)
    {
        var g = s.Geometry;
        for (var place = 0; place < samples * tile.Places; place++)
        {
            var (plane, startY, startX) = Window(s, tile, place);
            var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
            var (firstX, endX) = WindowGeometry.TapsInside(startX, g.Width, g.KernelWidth, g.DilationX);
            for (var channel = 0; channel < s.Channels; channel++, windows += g.KernelSize)
            {
                for (var ky = firstY; ky < endY; ky++)
                {
                    var target = dX + ((plane + channel) * g.PlaneSize) + ((nint)(startY + (ky * g.DilationY)) * g.Width) + startX;
                    var source = windows + (ky * g.KernelWidth);
                    for (var kx = firstX; kx < endX; kx++)
                        target[kx * g.DilationX] += source[kx];
                }
            }
        }
    }

    /// <summary>The first plane of a place's sample, and where its window begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (nint Plane, int StartY, int StartX) Window(in Layout s, in Tile tile, int place)
    {
        var (sample, inTile) = (place / tile.Places, place % tile.Places);
        var outputY = tile.Top + (inTile / tile.Columns * s.TilesDown);
        var outputX = tile.Left + (inTile % tile.Columns * s.TilesAcross);
        return (
            (nint)sample * s.Channels,
            (outputY * s.Geometry.StrideY) - s.Geometry.PaddingTop,
            (outputX * s.Geometry.StrideX) - s.Geometry.PaddingLeft);
    }

    [MethodImpl(Hot.Loop)]
    private static void WriteOutputs(in Layout s, in Tile tile, float* outputs, int samples, float* y)
    {
        for (var filter = 0; filter < s.Filters; filter++)
        {
            for (var sample = 0; sample < samples; sample++)
            {
                for (var row = 0; row < tile.Rows; row++, outputs += tile.Columns)
                {
                    var target = y + OutputRow(s, tile, filter, sample, row);
                    for (var column = 0; column < tile.Columns; column++)
                        target[column * s.TilesAcross] = outputs[column];
                }
            }
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void ReadOutputs(in Layout s, in Tile tile, float* y, int samples, float* outputs)
    {
        for (var filter = 0; filter < s.Filters; filter++)
        {
            for (var sample = 0; sample < samples; sample++)
            {
                for (var row = 0; row < tile.Rows; row++, outputs += tile.Columns)
                {
                    var source = y + OutputRow(s, tile, filter, sample, row);
                    for (var column = 0; column < tile.Columns; column++)
                        outputs[column] = source[column * s.TilesAcross];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint OutputRow(in Layout s, in Tile tile, int filter, int sample, int row) =>
        (sample * s.YLength) + (filter * s.Geometry.OutputSize) + ((nint)(tile.Top + (row * s.TilesDown)) * s.Geometry.OutputWidth) + tile.Left;
}

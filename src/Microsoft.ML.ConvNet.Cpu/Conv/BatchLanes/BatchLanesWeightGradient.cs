using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Weight gradient of a convolution with samples in the lanes. Idea: the weights of a filter are its taps of all channels, one list; tiles of a few
/// filters by a few taps run over all pixels of all samples (<see cref="WeightMicroKernel"/>), so that every weight is summed in one
/// place, in one order. With padding, x is read from a copy with zeros around it. Lanes: samples; lanes without a sample have a
/// gradient of zero. Tiles run in parallel.
/// </summary>
internal sealed unsafe class BatchLanesWeightGradient(ConvProblem problem, WorkerPool pool) : Kernel
{
    /// <summary>A chunk is worth about so many multiply-adds of a vector.</summary>
    private const long WorkPerChunk = 100_000;

    // How far the windows reach beyond x, on each side of each axis.
    private readonly Margin _depth = new(problem.Window.Depth, problem.X.D, problem.Y.D);
    private readonly Margin _height = new(problem.Window.Height, problem.X.H, problem.Y.H);
    private readonly Margin _width = new(problem.Window.Width, problem.X.W, problem.Y.W);

    public override string Name => "samples in lanes";

    public override long WorkspaceLength => IsCopied ? Groups(problem.MaxBatch) * (long)problem.X.C * Channel : 0;

    private int Lanes => problem.XLayout.Lanes;

    private bool IsCopied => _depth.IsPadded || _height.IsPadded || _width.IsPadded;

    /// <summary>Floats from one channel of x, or of its copy, to the next.</summary>
    private nint Channel => (nint)_depth.Length * _height.Length * _width.Length * Lanes;

    public override void Run(KernelCall call)
    {
        var x = call.Input(0);
        var groups = Groups(call.Batch);
        if (IsCopied)
        {
            pool.Run(groups * problem.X.C, new CopyJob(_depth, _height, _width, Lanes, x, call.Workspace()));
            x = call.Workspace();
        }

        var window = problem.Window;
        var pitch = (nint)_width.Length * Lanes;
        var slice = _height.Length * pitch;
        var tile = new WeightTile
        {
            Gradient = call.Input(1),
            GradientFilter = (nint)problem.Y.Plane * Lanes,
            GradientGroup = (nint)problem.Y.Length * Lanes,
            SourceGroup = problem.X.C * Channel,
            SourcePlane = window.Depth.Stride * slice,
            SourceRow = window.Height.Stride * pitch,
            SourceStep = (nint)window.Width.Stride * Lanes,
            Groups = groups,
            Planes = problem.Y.D,
            Rows = problem.Y.H,
            Width = problem.Y.W,
            Weights = call.Output(),
            WeightFilter = problem.FilterLength,
        };
        var work = (long)groups * problem.Y.Plane * WeightMicroKernel.Side * WeightMicroKernel.Side;
        var tilesAcross = GemmBlocking.DivideRoundingUp(problem.FilterLength, WeightMicroKernel.Side);
        var job = new Job(
            tile, x, Channel, slice * window.Depth.Dilation, pitch * window.Height.Dilation, (nint)Lanes * window.Width.Dilation,
            window, problem.Y.C, problem.FilterLength, (int)Math.Clamp(WorkPerChunk / work, 1, tilesAcross));
        pool.Run(job.Chunks, job);
    }

    private int Groups(int batch) => GemmBlocking.DivideRoundingUp(batch, Lanes);

    /// <summary>An axis of x with zeros on both sides, wherever windows reach.</summary>
    private readonly record struct Margin(WindowAxis Axis, int Size, int Outputs)
    {
        public int Before => Axis.Before;

        public int After => Math.Max(0, Axis.Input(Outputs - 1, Axis.Size - 1) - (Size - 1));

        public int Length => Before + Size + After;

        public bool IsPadded => Length > Size;
    }

    /// <summary>Copies a channel of a group with zeros around it.</summary>
    private readonly struct CopyJob(Margin depth, Margin height, Margin width, int lanes, float* source, float* target) : IParallelJob
    {
        public void Execute(int plane)
        {
            var pitch = (nint)width.Length * lanes;
            var to = target + (plane * depth.Length * height.Length * pitch);
            new Span<float>(to, (int)(depth.Length * height.Length * pitch)).Clear();
            var from = source + ((nint)plane * depth.Size * height.Size * width.Size * lanes);
            for (var row = 0; row < depth.Size * height.Size; row++, from += width.Size * lanes)
            {
                var padded = ((depth.Before + (row / height.Size)) * height.Length) + height.Before + (row % height.Size);
                new Span<float>(from, width.Size * lanes).CopyTo(new Span<float>(to + (padded * pitch) + (width.Before * lanes), width.Size * lanes));
            }
        }
    }

    /// <summary>A few tiles of the taps of one block of filters.</summary>
    private readonly struct Job(
        WeightTile common, float* x, nint channel, nint planeTap, nint rowTap, nint columnTap,
        Window window, int filters, int filterLength, int tilesPerChunk) : IParallelJob
    {
        private int Blocks => GemmBlocking.DivideRoundingUp(filters, WeightMicroKernel.Side);

        private int Tiles => GemmBlocking.DivideRoundingUp(filterLength, WeightMicroKernel.Side);

        private int Across => GemmBlocking.DivideRoundingUp(Tiles, tilesPerChunk);

        public int Chunks => Blocks * Across;

        public void Execute(int chunk)
        {
            if (Vector512.IsHardwareAccelerated)
                Execute<Simd512, Vector512<float>>(chunk);
            else if (Vector256.IsHardwareAccelerated)
                Execute<Simd256, Vector256<float>>(chunk);
            else
                Execute<Simd128, Vector128<float>>(chunk);
        }

        [MethodImpl(Hot.Loop)]
        private void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var block = chunk / Across;
            var (firstFilter, endFilter) = (filters * block / Blocks, filters * (block + 1) / Blocks);
            var tile = common;
            tile.Gradient += firstFilter * tile.GradientFilter;
            var endTile = Math.Min(Tiles, ((chunk % Across) + 1) * tilesPerChunk);
            for (var index = chunk % Across * tilesPerChunk; index < endTile; index++)
            {
                var (first, end) = ((int)((long)filterLength * index / Tiles), (int)((long)filterLength * (index + 1) / Tiles));
                tile.Source0 = Source(first);
                tile.Source1 = Source(Math.Min(first + 1, end - 1));
                tile.Source2 = Source(Math.Min(first + 2, end - 1));
                tile.Source3 = Source(Math.Min(first + 3, end - 1));
                tile.Source4 = Source(Math.Min(first + 4, end - 1));
                tile.Weights = common.Weights + ((nint)firstFilter * filterLength) + first;
                Select<S, V>(tile, endFilter - firstFilter, end - first);
            }
        }

        /// <summary>The input of the first output by one of a filter's taps.</summary>
        private float* Source(int tap)
        {
            var (column, row, plane) = (tap % window.Width.Size, tap / window.Width.Size % window.Height.Size, tap / window.Width.Size / window.Height.Size % window.Depth.Size);
            return x + (tap / window.Taps * channel) + (plane * planeTap) + (row * rowTap) + (column * columnTap);
        }

        private static void Select<S, V>(in WeightTile tile, int filters, int taps)
            where S : struct, ISimd<V>
            where V : struct
        {
            switch (filters)
            {
                case 1: Select<S, V, One>(tile, taps); break;
                case 2: Select<S, V, Two>(tile, taps); break;
                case 3: Select<S, V, Three>(tile, taps); break;
                case 4: Select<S, V, Four>(tile, taps); break;
                default: Select<S, V, Five>(tile, taps); break;
            }
        }

        private static void Select<S, V, TFilters>(in WeightTile tile, int taps)
            where S : struct, ISimd<V>
            where V : struct
            where TFilters : struct, IConstant
        {
            switch (taps)
            {
                case 1: WeightMicroKernel.Run<S, V, TFilters, One>(tile); break;
                case 2: WeightMicroKernel.Run<S, V, TFilters, Two>(tile); break;
                case 3: WeightMicroKernel.Run<S, V, TFilters, Three>(tile); break;
                case 4: WeightMicroKernel.Run<S, V, TFilters, Four>(tile); break;
                default: WeightMicroKernel.Run<S, V, TFilters, Five>(tile); break;
            }
        }
    }
}

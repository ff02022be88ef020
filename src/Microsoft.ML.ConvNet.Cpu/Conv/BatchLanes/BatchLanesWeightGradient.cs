using System.Runtime.CompilerServices;
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

    /// <summary>x with zeros wherever windows reach beyond it; it is copied where they do.</summary>
    private readonly PaddedPlanes _padded = new(
        Margin.Of(problem.Window.Depth, problem.X.D, problem.Y.D),
        Margin.Of(problem.Window.Height, problem.X.H, problem.Y.H),
        Margin.Of(problem.Window.Width, problem.X.W, problem.Y.W), problem.XLayout.Lanes);

    public override string Name => "samples in lanes";

    public override long WorkspaceLength => _padded.IsPadded ? Groups(problem.MaxBatch) * (long)problem.X.C * _padded.Length : 0;

    private int Lanes => problem.XLayout.Lanes;

    public override void Run(KernelCall call)
    {
        var x = call.Input(0);
        var groups = Groups(call.Batch);
        if (_padded.IsPadded)
        {
            _padded.Copy(pool, x, groups * problem.X.C, call.Workspace());
            x = call.Workspace();
        }

        var window = problem.Window;
        var pitch = (nint)_padded.Width.Length * Lanes;
        var slice = _padded.Height.Length * pitch;
        var tile = new WeightTile
        {
            Gradient = call.Input(1),
            GradientFilter = (nint)problem.Y.Plane * Lanes,
            GradientGroup = (nint)problem.Y.Length * Lanes,
            SourceGroup = problem.X.C * _padded.Length,
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
            tile, x, _padded.Length, slice * window.Depth.Dilation, pitch * window.Height.Dilation, (nint)Lanes * window.Width.Dilation,
            window, problem.Y.C, problem.FilterLength, (int)Math.Clamp(WorkPerChunk / work, 1, tilesAcross));
        pool.RunVectors(job.Chunks, job);
    }

    private int Groups(int batch) => GemmBlocking.DivideRoundingUp(batch, Lanes);

    /// <summary>A few tiles of the taps of one block of filters.</summary>
    private readonly struct Job(
        WeightTile common, float* x, nint channel, nint planeTap, nint rowTap, nint columnTap,
        Window window, int filters, int filterLength, int tilesPerChunk) : IVectorJob
    {
        private int Blocks => GemmBlocking.DivideRoundingUp(filters, WeightMicroKernel.Side);

        private int Tiles => GemmBlocking.DivideRoundingUp(filterLength, WeightMicroKernel.Side);

        private int Across => GemmBlocking.DivideRoundingUp(Tiles, tilesPerChunk);

        public int Chunks => Blocks * Across;

        [MethodImpl(Hot.Loop)]
        public void Execute<S, V>(int chunk)
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

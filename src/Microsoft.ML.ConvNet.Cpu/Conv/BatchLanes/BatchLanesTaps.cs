using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Forward convolution or input gradient with samples in the lanes. Idea: the target's channels, here called filters, are taken in blocks
/// of up to 6, its rows in runs of up to 4 pixels; each pair is one call of <see cref="TapMicroKernel"/>. Layout of the packed weights:
/// for each block, source channel and tap the weights of the block's filters side by side.
/// </summary>
internal sealed unsafe class BatchLanesTaps(ConvProblem problem, WorkerPool pool) : Kernel
{
    /// <summary>A chunk is worth about so many multiply-adds of a vector.</summary>
    private const long WorkPerChunk = 200_000;

    // Plans look at many kernels that they do not choose.
    private readonly Lazy<TapRuns> _runs = new(() => problem.Pass == ConvPass.Forward
        ? TapRuns.Forward(problem.Window, problem.X, problem.Y, problem.XLayout.Lanes)
        : TapRuns.Adjoint(problem.Window, problem.X, problem.Y, problem.XLayout.Lanes));

    public override string Name => "samples in lanes";

    public override long PreparedLength => problem.WeightLength;

    public override long WorkspaceLength => Padded.IsPadded ? Groups(problem.MaxBatch) * (long)Source.C * Padded.Length : 0;

    private int Lanes => problem.XLayout.Lanes;

    private Shape Source => problem.Pass == ConvPass.Forward ? problem.X : problem.Y;

    private Shape Target => problem.Pass == ConvPass.Forward ? problem.Y : problem.X;

    /// <summary>The source with zeros around each row; it is copied where there are any.</summary>
    private PaddedPlanes Padded => new(new(0, Source.D, 0), new(0, Source.H, 0), _runs.Value.Columns, Lanes);

    private int Blocks => GemmBlocking.DivideRoundingUp(Target.C, TapMicroKernel.MaxFilters);

    public override void Run(KernelCall call)
    {
        var groups = Groups(call.Batch);
        if (call.ParametersChanged)
            Pack(call.Input(1), call.Prepared());
        var source = call.Input(0);
        if (Padded.IsPadded)
        {
            Padded.Copy(pool, source, groups * Source.C, call.Workspace());
            source = call.Workspace();
        }

        var work = (long)Source.C * Target.C * problem.Window.Taps * Target.Plane;
        var parts = (int)Math.Clamp(work / WorkPerChunk, 1, _runs.Value.Runs.Length);
        var tile = new TapTile
        {
            Source = source,
            SourceChannel = Padded.Length,
            SourceStep = (nint)_runs.Value.SourceStep * Lanes,
            Channels = Source.C,
            Weights = call.Prepared(),
            Bias = problem.Bias(call),
            Addend = problem.Addend(call),
            Relu = problem.Relu,
            Target = call.Output(),
            TargetFilter = (nint)Target.Plane * Lanes,
            TargetStep = (nint)_runs.Value.TargetStep * Lanes,
        };
        pool.RunVectors(groups * parts, new Job(_runs.Value, tile, Lanes, Target.C, Blocks, problem.Window.Taps, parts));
    }

    private int Groups(int batch) => GemmBlocking.DivideRoundingUp(batch, Lanes);

    /// <summary>The first filter of a block; blocks are as equal as can be.</summary>
    private static int FirstFilter(int filters, int blocks, int block) => (int)((long)filters * block / blocks);

    private void Pack(float* weights, float* packed)
    {
        // The weight of source channel s, filter t and tap k.
        var taps = problem.Window.Taps;
        var (sourceStride, targetStride) = problem.Pass == ConvPass.Forward
            ? (taps, problem.FilterLength)
            : (problem.FilterLength, taps);
        for (var block = 0; block < Blocks; block++)
        {
            var (first, end) = (FirstFilter(Target.C, Blocks, block), FirstFilter(Target.C, Blocks, block + 1));
            for (var channel = 0; channel < Source.C; channel++)
            {
                for (var tap = 0; tap < taps; tap++)
                {
                    for (var filter = first; filter < end; filter++)
                        *packed++ = weights[((nint)filter * targetStride) + ((nint)channel * sourceStride) + tap];
                }
            }
        }
    }

    /// <summary>Some runs of one group, for all filters.</summary>
    private readonly struct Job(TapRuns runs, TapTile common, int lanes, int filters, int blocks, int windowTaps, int parts) : IVectorJob
    {
        [MethodImpl(Hot.Loop)]
        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (group, part) = Math.DivRem(chunk, parts);
            var (firstRun, endRun) = (runs.Runs.Length * part / parts, runs.Runs.Length * (part + 1) / parts);
            var tile = common;
            var source = common.Source + (group * common.Channels * common.SourceChannel);
            for (var block = 0; block < blocks; block++)
            {
                var first = FirstFilter(filters, blocks, block);
                var height = FirstFilter(filters, blocks, block + 1) - first;
                var offset = (((nint)group * filters) + first) * common.TargetFilter;
                tile.Weights = common.Weights + ((nint)first * common.Channels * windowTaps);
                tile.WeightChannel = (nint)windowTaps * height;
                tile.Bias = common.Bias == null ? null : common.Bias + first;
                for (var index = firstRun; index < endRun; index++)
                {
                    ref readonly var run = ref runs.Runs[index];
                    var target = offset + ((nint)run.Target * lanes);
                    tile.Source = source + ((nint)run.Source * lanes);
                    tile.Taps = runs.TapsOf(run);
                    tile.TapCount = run.TapCount;
                    tile.Target = common.Target + target;
                    tile.Addend = common.Addend == null ? null : common.Addend + target;
                    Select<S, V>(tile, height, run.Pixels);
                }
            }
        }

        private static void Select<S, V>(in TapTile tile, int filters, int pixels)
            where S : struct, ISimd<V>
            where V : struct
        {
            switch (filters)
            {
                case 1: Select<S, V, One>(tile, pixels); break;
                case 2: Select<S, V, Two>(tile, pixels); break;
                case 3: Select<S, V, Three>(tile, pixels); break;
                case 4: Select<S, V, Four>(tile, pixels); break;
                case 5: Select<S, V, Five>(tile, pixels); break;
                default: Select<S, V, Six>(tile, pixels); break;
            }
        }

        private static void Select<S, V, TFilters>(in TapTile tile, int pixels)
            where S : struct, ISimd<V>
            where V : struct
            where TFilters : struct, IConstant
        {
            switch (pixels)
            {
                case 1: TapMicroKernel.Run<S, V, TFilters, One>(tile); break;
                case 2: TapMicroKernel.Run<S, V, TFilters, Two>(tile); break;
                case 3: TapMicroKernel.Run<S, V, TFilters, Three>(tile); break;
                default: TapMicroKernel.Run<S, V, TFilters, Four>(tile); break;
            }
        }
    }
}

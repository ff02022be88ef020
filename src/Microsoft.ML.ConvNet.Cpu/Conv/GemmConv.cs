using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Convolution as matrix products. Idea: with the windows of an image as the columns of a matrix (<see cref="Im2Col"/>),
/// forward is y = W·columns, the input gradient (and so the transposed layer) is col2im(Wᵀ·dy), and the weight gradient is Σ dy·columnsᵀ; for 1×1
/// windows the image is that matrix already. Layout: N×C×H×W; a sample's columns lie in its thread's scratch memory.
/// Lanes: those of <see cref="Gemm"/>. Samples run in parallel; a single sample runs parallel inside. The weight gradient
/// adds up over fixed groups of samples, then over the groups in order, so that its bits do not depend on the threads.
/// </summary>
internal sealed unsafe class GemmConv(bool pointwise) : IConvAlgorithm
{
    public string Name => pointwise ? "1×1 GEMM" : "im2col + GEMM";

    /// <summary>Up to so many floats a weight gradient is kept once for each of 16 groups of samples.</summary>
    private const int MaxGroupedWeight = 1 << 17;

    private const int SampleGroups = 16;

    /// <summary>Of a volume, so many floats of windows are made at a time, in whole output planes: a window has many taps.</summary>
    private const int MaxColumns = 1 << 19;

    public bool Supports(ConvProblem problem) => problem.IsPlain && (!pointwise || problem.Window.IsPointwise);

    public double Cost(ConvProblem problem) => pointwise ? ConvCosts.PointwiseGemm(problem) : ConvCosts.Gemm(problem);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        var name = pointwise ? "1×1 GEMM" : "im2col + GEMM";
        var shape = new Layout(problem, pointwise);
        return problem.Pass switch
        {
            ConvPass.Forward => new FunctionKernel(name, call => pool.Run(call.Batch, new ForwardJob(
                pool, shape, call.Input(0), call.Input(1), problem.Bias(call), call.Output()))),
            ConvPass.InputGradient => new FunctionKernel(name, call => pool.Run(call.Batch, new InputGradientJob(
                pool, shape, call.Input(0), call.Input(1), problem.Bias(call), call.Output()))),
            _ when problem.WeightLength <= MaxGroupedWeight => new FunctionKernel(
                name, call => WeightGradientByGroups(pool, shape, call), (SampleGroups - 1) * (long)problem.WeightLength),
            _ => new FunctionKernel(name, call => WeightGradient(
                pool, shape, call.Input(0), call.Input(1), 0, call.Batch, call.Output())),
        };
    }

    private static void WeightGradientByGroups(WorkerPool pool, Layout shape, KernelCall call)
    {
        var perGroup = GemmBlocking.DivideRoundingUp(call.Batch, SampleGroups);
        var groups = GemmBlocking.DivideRoundingUp(call.Batch, perGroup);
        var (dW, partials) = ((nint)call.Output(), (nint)call.Workspace());
        pool.Run(groups, new WeightGradientJob(pool, shape, call.Input(0), call.Input(1), call.Batch, perGroup, (float*)dW, (float*)partials));
        for (var group = 1; group < groups; group++)
            Pointwise.Map(pool, (float*)dW, (float*)partials + ((group - 1) * shape.WeightLength), (float*)dW, shape.WeightLength, default(Add));
    }

    /// <summary>dW = the sum over the samples [first, end).</summary>
    private static void WeightGradient(WorkerPool pool, Layout s, float* x, float* dY, int first, int end, float* dW)
    {
        for (var sample = first; sample < end; sample++)
        {
            for (var group = 0; group < s.Groups; group++)
            {
                for (var slab = 0; slab < s.Slabs; slab++)
                {
                    var places = s.SlabPlaces(slab);
                    var columns = Columns(pool, s, s.X(x, sample, group), slab);
                    Gemm.Run(
                        pool, s.Filters, s.FilterLength, places,
                        Matrix.RowMajor(s.Y(dY, sample, group, slab), s.Places),
                        Matrix.RowMajor(columns, places).T,
                        s.W(dW, group), s.FilterLength,
                        sample == first && slab == 0 ? GemmStart.Zero : GemmStart.Accumulate);
                }
            }
        }
    }

    /// <summary>The windows of one slab of the channels of one group of one sample.</summary>
    private static float* Columns(WorkerPool pool, Layout s, float* image, int slab)
    {
        if (s.Pointwise)
            return image;
        var columns = Scratch.Get(ScratchUse.Im2Col, (nint)s.FilterLength * s.SlabPlaces(slab));
        Im2Col.Run(pool, image, s.Channels, s.Slab(slab), columns);
        return columns;
    }

    /// <summary>The numbers of a problem that the loops need, and where the parts of its tensors lie.</summary>
    private readonly struct Layout(ConvProblem problem, bool pointwise)
    {
        public readonly bool Pointwise = pointwise;
        public readonly int Groups = problem.Groups;
        public readonly int Channels = problem.X.C / problem.Groups;
        public readonly int Filters = problem.Y.C / problem.Groups;
        public readonly int FilterLength = problem.FilterLength;
        public readonly nint WeightLength = problem.WeightLength;
        public readonly int Places = problem.Y.Plane;
        public readonly nint Plane = problem.X.Plane;
        private readonly VolumeGeometry _geometry = problem.Geometry;
        private readonly int slabDepth = pointwise
            ? problem.Y.D
            : (int)Math.Clamp(MaxColumns / (problem.FilterLength * (long)problem.Y.H * problem.Y.W), 1, problem.Y.D);

        /// <summary>The parts that the output planes of a volume are worked off in; an image is one.</summary>
        public int Slabs => GemmBlocking.DivideRoundingUp(_geometry.OutputDepth, slabDepth);

        public VolumeGeometry Slab(int slab) => _geometry.Slab(slab * slabDepth, Math.Min(slabDepth, _geometry.OutputDepth - (slab * slabDepth)));

        public int SlabPlaces(int slab) => (int)Slab(slab).OutputSize;

        public float* X(float* x, int sample, int group) => x + ((((nint)sample * Groups) + group) * Channels * Plane);

        public float* Y(float* y, int sample, int group, int slab) =>
            y + ((((nint)sample * Groups) + group) * Filters * Places) + (slab * slabDepth * _geometry.Plane.OutputSize);

        public float* W(float* w, int group) => w + ((nint)group * Filters * FilterLength);
    }

    private readonly struct ForwardJob(WorkerPool pool, Layout s, float* x, float* w, float* bias, float* y) : IParallelJob
    {
        public void Execute(int sample)
        {
            for (var group = 0; group < s.Groups; group++)
            {
                for (var slab = 0; slab < s.Slabs; slab++)
                {
                    var places = s.SlabPlaces(slab);
                    var columns = Columns(pool, s, s.X(x, sample, group), slab);
                    Gemm.Run(
                        pool, s.Filters, places, s.FilterLength,
                        Matrix.RowMajor(s.W(w, group), s.FilterLength),
                        Matrix.RowMajor(columns, places),
                        s.Y(y, sample, group, slab), s.Places,
                        bias == null ? GemmStart.Zero : GemmStart.RowBias(bias + (group * s.Filters)));
                }
            }
        }
    }

    private readonly struct InputGradientJob(WorkerPool pool, Layout s, float* dY, float* w, float* bias, float* dX) : IParallelJob
    {
        public void Execute(int sample)
        {
            for (var group = 0; group < s.Groups; group++)
            {
                var image = s.X(dX, sample, group);
                for (var channel = 0; channel < s.Channels && !s.Pointwise; channel++)
                    new Span<float>(image + (channel * s.Plane), (int)s.Plane).Fill(bias == null ? 0 : bias[(group * s.Channels) + channel]);
                for (var slab = 0; slab < s.Slabs; slab++)
                {
                    var places = s.SlabPlaces(slab);
                    var columns = s.Pointwise ? image : Scratch.Get(ScratchUse.Im2Col, (nint)s.FilterLength * places);
                    Gemm.Run(
                        pool, s.FilterLength, places, s.Filters,
                        Matrix.RowMajor(s.W(w, group), s.FilterLength).T,
                        Matrix.RowMajor(s.Y(dY, sample, group, slab), s.Places),
                        columns, places,
                        s.Pointwise && bias != null ? GemmStart.RowBias(bias + (group * s.Channels)) : GemmStart.Zero);
                    if (!s.Pointwise)
                        Im2Col.Accumulate(pool, columns, s.Channels, s.Slab(slab), image);
                }
            }
        }
    }

    private readonly struct WeightGradientJob(
        WorkerPool pool, Layout s, float* x, float* dY, int batch, int perGroup, float* dW, float* partials) : IParallelJob
    {
        public void Execute(int group)
            => WeightGradient(
                pool, s, x, dY, group * perGroup, Math.Min(batch, (group + 1) * perGroup),
                group == 0 ? dW : partials + ((group - 1) * s.WeightLength));
    }
}

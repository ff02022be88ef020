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
    /// <summary>Up to so many floats a weight gradient is kept once for each of 16 groups of samples.</summary>
    private const int MaxGroupedWeight = 1 << 17;

    private const int SampleGroups = 16;

    public bool Supports(ConvProblem problem) => !pointwise || problem.Window.IsPointwise;

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        var name = pointwise ? "1×1 GEMM" : "im2col + GEMM";
        var shape = new Layout(problem, pointwise);
        return problem.Pass switch
        {
            ConvPass.Forward => new FunctionKernel(name, call => pool.Run(call.Batch, new ForwardJob(
                pool, shape, call.Input(0), call.Input(1), call.Inputs.Length > 2 ? call.Input(2) : null, call.Output()))),
            ConvPass.InputGradient => new FunctionKernel(name, call => pool.Run(call.Batch, new InputGradientJob(
                pool, shape, call.Input(0), call.Input(1), call.Inputs.Length > 2 ? call.Input(2) : null, call.Output()))),
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
                var columns = Columns(pool, s, s.X(x, sample, group));
                Gemm.Run(
                    pool, s.Filters, s.FilterLength, s.Places,
                    Matrix.RowMajor(s.Y(dY, sample, group), s.Places),
                    Matrix.RowMajor(columns, s.Places).T,
                    s.W(dW, group), s.FilterLength,
                    sample == first ? GemmStart.Zero : GemmStart.Accumulate);
            }
        }
    }

    /// <summary>The windows of the channels of one group of one sample.</summary>
    private static float* Columns(WorkerPool pool, Layout s, float* image)
    {
        if (s.Pointwise)
            return image;
        var columns = Scratch.Get(ScratchUse.Im2Col, (nint)s.FilterLength * s.Places);
        Im2Col.Run(pool, image, s.Channels, s.Geometry, columns);
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
        public readonly VolumeGeometry Geometry = problem.Geometry;

        public float* X(float* x, int sample, int group) => x + ((((nint)sample * Groups) + group) * Channels * Plane);

        public float* Y(float* y, int sample, int group) => y + ((((nint)sample * Groups) + group) * Filters * Places);

        public float* W(float* w, int group) => w + ((nint)group * Filters * FilterLength);
    }

    private readonly struct ForwardJob(WorkerPool pool, Layout s, float* x, float* w, float* bias, float* y) : IParallelJob
    {
        public void Execute(int sample)
        {
            for (var group = 0; group < s.Groups; group++)
            {
                var columns = Columns(pool, s, s.X(x, sample, group));
                Gemm.Run(
                    pool, s.Filters, s.Places, s.FilterLength,
                    Matrix.RowMajor(s.W(w, group), s.FilterLength),
                    Matrix.RowMajor(columns, s.Places),
                    s.Y(y, sample, group), s.Places,
                    bias == null ? GemmStart.Zero : GemmStart.RowBias(bias + (group * s.Filters)));
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
                var columns = s.Pointwise ? image : Scratch.Get(ScratchUse.Im2Col, (nint)s.FilterLength * s.Places);
                Gemm.Run(
                    pool, s.FilterLength, s.Places, s.Filters,
                    Matrix.RowMajor(s.W(w, group), s.FilterLength).T,
                    Matrix.RowMajor(s.Y(dY, sample, group), s.Places),
                    columns, s.Places,
                    s.Pointwise && bias != null ? GemmStart.RowBias(bias + (group * s.Channels)) : GemmStart.Zero);
                if (s.Pointwise)
                    continue;
                for (var channel = 0; channel < s.Channels; channel++)
                    new Span<float>(image + (channel * s.Plane), (int)s.Plane).Fill(bias == null ? 0 : bias[(group * s.Channels) + channel]);
                Im2Col.Accumulate(pool, columns, s.Channels, s.Geometry, image);
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

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Runs a convolution of volumes tap by tap along the depth, sample by sample; see <see cref="VolumeConv"/>.</summary>
internal sealed unsafe class VolumeKernel(string name, ConvProblem problem, ConvProblem planes, Kernel kernel, WorkerPool pool) : Kernel
{
    public override string Name => name;

    public override long WorkspaceLength => kernel.WorkspaceLength + (IsWeightGradient ? 2 * planes.WeightLength : 0);

    public override long PreparedLength => IsWeightGradient ? 0 : problem.Window.Depth.Size * (kernel.PreparedLength + planes.WeightLength);

    private bool IsWeightGradient => problem.Pass == ConvPass.WeightGradient;

    public override void Run(KernelCall call)
    {
        if (!IsWeightGradient)
            Fill(call);
        for (var tap = 0; tap < problem.Window.Depth.Size; tap++)
        {
            if (IsWeightGradient)
                SumWeightGradient(call, tap);
            else
                AddTap(call, tap);
        }
    }

    /// <summary>The outputs that meet an input by a tap along the depth.</summary>
    private (int First, int Count) Outputs(int tap)
    {
        var (first, end) = problem.Window.Depth.Inside(tap, problem.X.D, problem.Y.D);
        return (first, end - first);
    }

    /// <summary>The first planes of x and y of a sample that meet by a tap.</summary>
    private (long X, long Y) Planes(int sample, int tap, int output)
    {
        var (x, y, lanes) = (problem.X, problem.Y, problem.XLayout.Lanes);
        return (
            ((long)sample * x.Length) + ((long)problem.Window.Depth.Input(output, tap) * x.H * x.W * lanes),
            ((long)sample * y.Length) + ((long)output * y.H * y.W * lanes));
    }

    private void AddTap(KernelCall call, int tap)
    {
        var (first, count) = Outputs(tap);
        var prepared = After(call.Prepared, tap * (kernel.PreparedLength + planes.WeightLength));
        var weights = After(prepared, kernel.PreparedLength) with { Type = planes.WeightType };
        if (call.ParametersChanged)
        {
            for (var filter = 0; filter < Filters; filter++)
                Taps(call.Input(1), filter, tap).CopyTo(TapsOfPlane(weights.Pointer(), filter));
        }

        for (var sample = 0; count > 0 && sample < call.Batch; sample++)
        {
            var (x, y) = Planes(sample, tap, first);
            var (from, to) = problem.Pass == ConvPass.Forward ? (x, y) : (y, x);
            kernel.Run(new KernelCall
            {
                Inputs = [After(call.Inputs[0], from), weights],
                Output = After(call.Output, to),
                Workspace = call.Workspace,
                Prepared = prepared,
                ParametersChanged = call.ParametersChanged && sample == 0,
                Batch = count,
                State = call.State,
            });
        }
    }

    private void SumWeightGradient(KernelCall call, int tap)
    {
        var (first, count) = Outputs(tap);
        var sum = After(call.Workspace, kernel.WorkspaceLength) with { Type = planes.WeightType };
        var term = After(sum, planes.WeightLength);
        for (var sample = 0; count > 0 && sample < call.Batch; sample++)
        {
            var (x, y) = Planes(sample, tap, first);
            kernel.Run(new KernelCall
            {
                Inputs = [After(call.Inputs[0], x), After(call.Inputs[1], y)],
                Output = sample == 0 ? sum : term,
                Workspace = call.Workspace,
                Batch = count,
                State = call.State,
            });
            if (sample > 0)
                Pointwise.Map(pool, sum.Pointer(), term.Pointer(), sum.Pointer(), planes.WeightLength, default(Add));
        }

        for (var filter = 0; filter < Filters; filter++)
        {
            var target = Taps(call.Output(), filter, tap);
            if (count > 0)
                TapsOfPlane(sum.Pointer(), filter).CopyTo(target);
            else
                target.Clear();
        }
    }

    /// <summary>The bias, or zeros, for the taps to be added to.</summary>
    private void Fill(KernelCall call)
    {
        var target = problem.Pass == ConvPass.Forward ? problem.Y : problem.X;
        var lanes = problem.XLayout.Lanes;
        pool.Run(call.Batch * target.C / lanes, new FillJob(problem.Bias(call), call.Output(), target.C / lanes, target.Plane, lanes));
    }

    private readonly struct FillJob(float* bias, float* output, int blocks, int places, int lanes) : IParallelJob
    {
        public void Execute(int block)
        {
            var target = new Span<float>(output + ((nint)block * places * lanes), places * lanes);
            target.Clear();
            if (bias == null)
                return;
            var values = new Span<float>(bias + (block % blocks * lanes), lanes);
            for (; target.Length > 0; target = target[lanes..])
                values.CopyTo(target);
        }
    }

    /// <summary>The filters of one input and one output channel.</summary>
    private int Filters => problem.X.C * problem.Y.C;

    private Span<float> Taps(float* weights, int filter, int tap)
        => new(weights + ((((nint)filter * problem.Window.Depth.Size) + tap) * planes.Window.Taps), planes.Window.Taps);

    private Span<float> TapsOfPlane(float* weights, int filter) => new(weights + ((nint)filter * planes.Window.Taps), planes.Window.Taps);

    private static TensorView After(TensorView view, long length) => view with { Offset = view.Offset + length };
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Depthwise convolution, without matrices: each channel by itself. Idea: a plane is copied once into scratch memory with its
/// padding around it, and with a stride its columns are sorted by their remainder (columns 0, s, 2s …, then 1, s + 1 …); then
/// every tap is a plain shift of the plane, with no borders to look after, and the loop over taps is a table of offsets
/// (<see cref="PlaneTaps"/>). The input gradient is the same on the planes of dy: for each remainder of the stride another
/// subset of the taps. The weight gradient is a dot product of dy with each shift. Layout: planes of H×W. Lanes: places of a
/// row. Planes run in parallel, in the weight gradient channels, each over all samples in order. Win: 3×3 windows on 32×56×56,
/// batch 16, one thread, forward and weight gradient 0.6 ms.
/// </summary>
internal sealed unsafe class DepthwiseConv : IConvAlgorithm
{
    public string Name => "depthwise";

    // Volumes are left to GEMM; so is a single channel, which is a matrix product as well as any.
    public bool Supports(ConvProblem problem) => problem.IsPlain && problem.Groups > 1 && problem.Groups == problem.X.C && problem.X.Rank <= 3;

    public double Cost(ConvProblem problem) => ConvCosts.Depthwise(problem);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        const string Name = "depthwise";
        var g = problem.Geometry.Plane;
        var (channels, multiplier) = (problem.X.C, problem.Y.C / problem.X.C);
        if (problem.Pass == ConvPass.InputGradient)
        {
            var phases = new InputPhases(g, multiplier);
            return new FunctionKernel(Name, call => PlaneLoop.Run(
                pool, (nint)call.Batch * channels, g.OutputSize * g.KernelSize * multiplier,
                new InputGradientBody(phases, channels, call.Input(0), call.Input(1), problem.Bias(call), call.Output())));
        }

        var staged = new StagedInput(g);
        return problem.Pass == ConvPass.Forward
            ? new FunctionKernel(Name, call => PlaneLoop.Run(
                pool, (nint)call.Batch * channels, g.OutputSize * g.KernelSize * multiplier,
                new ForwardBody(staged, channels, multiplier, call.Input(0), call.Input(1), problem.Bias(call), call.Output())))
            : new FunctionKernel(Name, call => pool.Run(
                channels, new WeightGradientJob(staged, channels, multiplier, call.Batch, call.Input(0), call.Input(1), call.Output())));
    }

    private readonly struct ForwardBody(StagedInput s, int channels, int multiplier, float* x, float* w, float* bias, float* y) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var g = s.Geometry;
            var staged = Scratch.Get(ScratchUse.DepthwisePlane, s.Length);
            s.Stage(x + (plane * g.PlaneSize), staged);
            for (var m = 0; m < multiplier; m++)
            {
                var filter = ((int)(plane % channels) * multiplier) + m;
                PlaneTaps.Correlate(
                    staged, s.Step, s.Offsets, w + ((nint)filter * g.KernelSize), bias == null ? 0 : bias[filter],
                    y + (((plane * multiplier) + m) * g.OutputSize), g.OutputHeight, g.OutputWidth);
            }
        }
    }

    private readonly struct WeightGradientJob(StagedInput s, int channels, int multiplier, int batch, float* x, float* dY, float* dW) : IParallelJob
    {
        public void Execute(int channel)
        {
            var g = s.Geometry;
            var pitch = PlaneTaps.RoundUp(g.OutputWidth);
            var sums = g.KernelSize * PlaneTaps.Lanes * multiplier;
            var staged = Scratch.Get(ScratchUse.DepthwisePlane, s.Length + ((nint)g.OutputHeight * pitch) + sums);
            var gradient = staged + s.Length;
            var accumulators = gradient + ((nint)g.OutputHeight * pitch);
            new Span<float>(accumulators, sums).Clear();
            for (var sample = 0; sample < batch; sample++)
            {
                var plane = ((nint)sample * channels) + channel;
                s.Stage(x + (plane * g.PlaneSize), staged);
                for (var m = 0; m < multiplier; m++)
                {
                    PlaneTaps.CopyRows(dY + (((plane * multiplier) + m) * g.OutputSize), g.OutputWidth, g.OutputHeight, g.OutputWidth, gradient, pitch);
                    PlaneTaps.AddDots(staged, s.Step, s.Offsets, gradient, g.OutputHeight, pitch, accumulators + (m * g.KernelSize * PlaneTaps.Lanes));
                }
            }

            PlaneTaps.SumLanes(accumulators, multiplier * g.KernelSize, dW + ((nint)channel * multiplier * g.KernelSize));
        }
    }

    private readonly struct InputGradientBody(InputPhases s, int channels, float* dY, float* w, float* bias, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var g = s.Geometry;
            var channel = (int)(plane % channels);
            var planes = s.Multiplier * s.PlaneLength;
            var taps = s.Multiplier * g.KernelSize;
            var staged = Scratch.Get(ScratchUse.DepthwisePlane, planes + PlaneTaps.Lanes + taps + (g.StrideX * s.PhaseLength));
            var weights = staged + planes + PlaneTaps.Lanes;
            var outputs = weights + taps;
            new Span<float>(staged, (int)planes).Clear();
            var rows = Math.Min(g.OutputHeight, s.Rows - s.Top);
            var columns = Math.Min(g.OutputWidth, s.Pitch - s.Left);
            for (var m = 0; m < s.Multiplier; m++)
            {
                PlaneTaps.CopyRows(
                    dY + (((plane * s.Multiplier) + m) * g.OutputSize), g.OutputWidth, rows, columns,
                    staged + (m * s.PlaneLength) + ((nint)s.Top * s.Pitch) + s.Left, s.Pitch);
            }

            var target = dX + (plane * g.PlaneSize);
            var start = bias == null ? 0 : bias[channel];
            foreach (var phases in s.Phases)
            {
                for (var index = 0; index < phases.Length; index++)
                {
                    var phase = phases[index];
                    if (phase.Rows == 0 || phase.Columns == 0)
                        continue;
                    for (var tap = 0; tap < phase.Weights.Length; tap++)
                        weights[tap] = w[((nint)channel * taps) + phase.Weights[tap]];
                    PlaneTaps.Correlate(
                        staged + phase.Start, s.Pitch, phase.Offsets, weights, start, s.IsDense ? target : outputs + (index * s.PhaseLength), phase.Rows, phase.Columns);
                }

                if (!s.IsDense)
                    WriteRows(phases, outputs, target + ((nint)phases[0].FirstY * g.Width));
            }
        }

        /// <summary>Rows of dx, each from one row of each remainder.</summary>
        private void WriteRows(InputPhases.Phase[] phases, float* outputs, float* target)
        {
            var g = s.Geometry;
            var pitch = (nint)g.StrideY * g.Width;
            if (phases.Length == 2)
            {
                // The two remainders in the order of the elements.
                var odd = phases[0].FirstX == 0 ? 1 : 0;
                for (var row = 0; row < phases[0].Rows; row++, target += pitch)
                {
                    PlaneTaps.Interleave(
                        outputs + ((1 - odd) * s.PhaseLength) + ((nint)row * phases[1 - odd].Columns),
                        outputs + (odd * s.PhaseLength) + ((nint)row * phases[odd].Columns), target, g.Width);
                }

                return;
            }

            for (var index = 0; index < phases.Length; index++)
            {
                var phase = phases[index];
                PlaneTaps.Spread(outputs + (index * s.PhaseLength), phase.Rows, phase.Columns, target + phase.FirstX, pitch, g.StrideX);
            }
        }
    }
}

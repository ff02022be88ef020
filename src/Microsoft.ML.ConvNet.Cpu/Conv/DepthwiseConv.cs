using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Depthwise convolution, without matrices: each channel by itself. Idea: a plane is copied once into scratch memory with its
/// padding around it, and with a stride its columns are sorted by their remainder (columns 0, s, 2s …, then 1, s + 1 …); then
/// every tap is a plain shift of the plane, with no borders to look after, and the loop over taps is a table of offsets
/// (<see cref="PlaneTaps"/>). The input gradient is the same on the planes of dy: for each remainder of the stride another
/// subset of the taps. The weight gradient is a dot product of dy with each shift. Layout: planes of H×W. Lanes: places of a
/// row. Planes run in parallel, in the weight gradient channels, each over all samples in order.
/// </summary>
internal sealed unsafe class DepthwiseConv : IConvAlgorithm
{
    private static readonly int Lanes =
        Vector512.IsHardwareAccelerated ? Vector512<float>.Count
        : Vector256.IsHardwareAccelerated ? Vector256<float>.Count
        : Vector128<float>.Count;

    public bool Supports(ConvProblem problem) => problem.Groups > 1 && problem.Groups == problem.X.C && problem.X.Rank <= 3;

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
                new InputGradientBody(phases, channels, call.Input(0), call.Input(1), call.Inputs.Length > 2 ? call.Input(2) : null, call.Output())));
        }

        var staged = new StagedInput(g);
        return problem.Pass == ConvPass.Forward
            ? new FunctionKernel(Name, call => PlaneLoop.Run(
                pool, (nint)call.Batch * channels, g.OutputSize * g.KernelSize * multiplier,
                new ForwardBody(staged, channels, multiplier, call.Input(0), call.Input(1), call.Inputs.Length > 2 ? call.Input(2) : null, call.Output())))
            : new FunctionKernel(Name, call => pool.Run(
                channels, new WeightGradientJob(staged, channels, multiplier, call.Batch, call.Input(0), call.Input(1), call.Output())));
    }

    private static int RoundUp(int count) => GemmBlocking.DivideRoundingUp(count, Lanes) * Lanes;

    /// <summary>How a plane of x lies in scratch memory, and where each tap finds its elements.</summary>
    private sealed class StagedInput
    {
        public StagedInput(WindowGeometry g)
        {
            Geometry = g;
            Rows = ((g.OutputHeight - 1) * g.StrideY) + ((g.KernelHeight - 1) * g.DilationY) + 1;
            PhaseWidth = ((g.KernelWidth - 1) * g.DilationX / g.StrideX) + RoundUp(g.OutputWidth);
            RowPitch = (nint)g.StrideX * PhaseWidth;
            Offsets = new nint[g.KernelSize];
            for (var tap = 0; tap < Offsets.Length; tap++)
            {
                var (y, x) = (tap / g.KernelWidth * g.DilationY, tap % g.KernelWidth * g.DilationX);
                Offsets[tap] = (y * RowPitch) + (x % g.StrideX * PhaseWidth) + (x / g.StrideX);
            }
        }

        public WindowGeometry Geometry { get; }

        public int Rows { get; }

        public int PhaseWidth { get; }

        public nint RowPitch { get; }

        public nint[] Offsets { get; }

        public nint Length => Rows * RowPitch;

        /// <summary>The distance between the elements of two rows of outputs.</summary>
        public nint Step => Geometry.StrideY * RowPitch;

        public void Stage(float* plane, float* staged)
        {
            var g = Geometry;
            new Span<float>(staged, (int)Length).Clear();
            for (var row = Math.Max(0, g.PaddingTop); row < Math.Min(Rows, g.PaddingTop + g.Height); row++)
            {
                var source = plane + ((nint)(row - g.PaddingTop) * g.Width) - g.PaddingLeft;
                for (var phase = 0; phase < g.StrideX; phase++)
                {
                    var target = staged + (row * RowPitch) + ((nint)phase * PhaseWidth);
                    var (first, end) = WindowGeometry.OutputsInside(phase - g.PaddingLeft, g.Width, g.StrideX, PhaseWidth);
                    PlaneTaps.CopyStrided(source + phase + ((nint)first * g.StrideX), g.StrideX, target + first, end - first);
                }
            }
        }
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
            var pitch = RoundUp(g.OutputWidth);
            var sums = g.KernelSize * Lanes * multiplier;
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
                    PlaneTaps.CopyRows(dY + (((plane * multiplier) + m) * g.OutputSize), g.OutputHeight, g.OutputWidth, gradient, pitch);
                    PlaneTaps.AddDots(staged, s.Step, s.Offsets, gradient, g.OutputHeight, pitch, accumulators + (m * g.KernelSize * Lanes));
                }
            }

            PlaneTaps.SumLanes(accumulators, multiplier * g.KernelSize, dW + ((nint)channel * multiplier * g.KernelSize));
        }
    }

    /// <summary>
    /// The input gradient, one remainder of the stride at a time. With i + padding = q·stride + r, the outputs that see element i
    /// are q − a for the taps t with t·dilation = a·stride + r.
    /// </summary>
    private sealed class InputPhases
    {
        public InputPhases(WindowGeometry g, int multiplier)
        {
            (Geometry, Multiplier) = (g, multiplier);
            Top = (g.KernelHeight - 1) * g.DilationY / g.StrideY;
            Left = (g.KernelWidth - 1) * g.DilationX / g.StrideX;
            Rows = Top + ((g.Height - 1 + g.PaddingTop) / g.StrideY) + 1;
            Pitch = Left + ((g.Width - 1 + g.PaddingLeft) / g.StrideX) + 1 + Lanes;
            Phases = [.. Enumerable.Range(0, g.StrideY * g.StrideX).Select(i => Make(i / g.StrideX, i % g.StrideX))];
        }

        public WindowGeometry Geometry { get; }

        public int Multiplier { get; }

        /// <summary>Zeros above and left of a plane of dy.</summary>
        public int Top { get; }

        public int Left { get; }

        public int Rows { get; }

        public int Pitch { get; }

        public Phase[] Phases { get; }

        public nint PlaneLength => (nint)Rows * Pitch;

        /// <summary>The elements i ≡ First (mod stride) of dx: where their outputs begin in dy, and the taps that reach them.</summary>
        public sealed record Phase(int FirstY, int FirstX, int Rows, int Columns, nint Start, nint[] Offsets, int[] Weights);

        private Phase Make(int remainderY, int remainderX)
        {
            var g = Geometry;
            var (firstY, qY, rows) = Along(remainderY, g.PaddingTop, g.StrideY, g.Height);
            var (firstX, qX, columns) = Along(remainderX, g.PaddingLeft, g.StrideX, g.Width);
            var reaching = Enumerable.Range(0, g.KernelSize)
                .Select(tap => (Tap: tap, Y: tap / g.KernelWidth * g.DilationY, X: tap % g.KernelWidth * g.DilationX))
                .Where(t => t.Y % g.StrideY == remainderY && t.X % g.StrideX == remainderX).ToArray();
            var all = Enumerable.Range(0, Multiplier).SelectMany(m => reaching.Select(t => (m, t))).ToArray();
            return new Phase(
                firstY, firstX, rows, columns, ((nint)(Top + qY) * Pitch) + Left + qX,
                [.. all.Select(p => (p.m * PlaneLength) - ((nint)(p.t.Y / g.StrideY) * Pitch) - (p.t.X / g.StrideX))],
                [.. all.Select(p => (p.m * g.KernelSize) + p.t.Tap)]);
        }

        /// <summary>The first element of a remainder, its q, and the number of them.</summary>
        private static (int First, int Q, int Count) Along(int remainder, int padding, int stride, int size)
        {
            var q = GemmBlocking.DivideRoundingUp(Math.Max(0, padding - remainder), stride);
            var first = (q * stride) + remainder - padding;
            return (first, q, first >= size ? 0 : ((size - 1 - first) / stride) + 1);
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
            var staged = Scratch.Get(ScratchUse.DepthwisePlane, planes + taps + ((nint)g.Width * g.Height));
            var weights = staged + planes;
            var phaseOutput = weights + taps;
            new Span<float>(staged, (int)planes).Clear();
            var rows = Math.Min(g.OutputHeight, s.Rows - s.Top);
            var columns = Math.Min(g.OutputWidth, s.Pitch - s.Left);
            for (var m = 0; m < s.Multiplier; m++)
            {
                for (var row = 0; row < rows; row++)
                {
                    new ReadOnlySpan<float>(dY + (((plane * s.Multiplier) + m) * g.OutputSize) + ((nint)row * g.OutputWidth), columns)
                        .CopyTo(new Span<float>(staged + (m * s.PlaneLength) + ((nint)(s.Top + row) * s.Pitch) + s.Left, columns));
                }
            }

            var target = dX + (plane * g.PlaneSize);
            var start = bias == null ? 0 : bias[channel];
            foreach (var phase in s.Phases)
            {
                if (phase.Rows == 0 || phase.Columns == 0)
                    continue;
                for (var tap = 0; tap < phase.Weights.Length; tap++)
                    weights[tap] = w[((nint)channel * taps) + phase.Weights[tap]];
                var isWhole = s.Phases.Length == 1;
                PlaneTaps.Correlate(
                    staged + phase.Start, s.Pitch, phase.Offsets, weights, start, isWhole ? target : phaseOutput, phase.Rows, phase.Columns);
                if (!isWhole)
                    PlaneTaps.Spread(phaseOutput, phase.Rows, phase.Columns, target + ((nint)phase.FirstY * g.Width) + phase.FirstX, (nint)g.StrideY * g.Width, g.StrideX);
            }
        }
    }
}

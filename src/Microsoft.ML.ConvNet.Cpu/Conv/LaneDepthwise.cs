using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>An output that an element of the input is part of, and by which tap.</summary>
internal readonly record struct Meeting(int Tap, int Output)
{
    /// <summary>For each element along an axis its outputs.</summary>
    public static Meeting[][] Of(WindowAxis axis, int size, int outputs)
        => [.. Enumerable.Range(0, size).Select(i => (
            from tap in Enumerable.Range(0, axis.Size)
            let distance = i + axis.Before - (tap * axis.Dilation)
            where distance >= 0 && distance % axis.Stride == 0 && distance / axis.Stride < outputs
            select new Meeting(tap, distance / axis.Stride)).ToArray())];
}

/// <summary>Forward and input gradient of a <see cref="LaneDepthwiseConv"/>.</summary>
internal sealed unsafe class LaneDepthwise(ConvProblem problem, WorkerPool pool) : Kernel
{
    private readonly bool _isStrided = problem.Pass == ConvPass.InputGradient && problem.Window is not { Height.Stride: 1, Width.Stride: 1 };
    private readonly DepthwiseLanes _lanes = problem.Pass == ConvPass.InputGradient && problem.Window is { Height.Stride: 1, Width.Stride: 1 }
        ? DepthwiseLanes.Of(problem).Adjoint()
        : DepthwiseLanes.Of(problem);

    private readonly (Meeting[][] Rows, Meeting[][] Columns) _meetings = problem.Pass == ConvPass.InputGradient && problem.Window is not { Height.Stride: 1, Width.Stride: 1 }
        ? (Meeting.Of(problem.Window.Height, problem.X.H, problem.Y.H), Meeting.Of(problem.Window.Width, problem.X.W, problem.Y.W))
        : default;

    public override string Name => "depthwise by lanes";

    public override long PreparedLength => problem.WeightLength;

    public override void Run(KernelCall call)
    {
        if (call.ParametersChanged)
            Pack(call.Input(1), call.Prepared(), reversed: problem.Pass == ConvPass.InputGradient && !_isStrided);
        var target = _isStrided ? _lanes.XPlane : _lanes.YPlane;
        PlaneLoop.RunVectors(pool, (nint)call.Batch * _lanes.Blocks, target * _lanes.Taps, new Body(_lanes, _meetings, call.Input(0), call.Prepared(), problem.Bias(call), call.Output()));
    }

    /// <summary>C×taps → (C/L)×taps×L.</summary>
    private void Pack(float* weights, float* packed, bool reversed)
    {
        var (taps, lanes) = (_lanes.Taps, VectorWidth.Floats);
        for (var channel = 0; channel < problem.X.C; channel++)
        {
            for (var tap = 0; tap < taps; tap++)
                packed[((((nint)channel / lanes * taps) + tap) * lanes) + (channel % lanes)] = weights[((nint)channel * taps) + (reversed ? taps - 1 - tap : tap)];
        }
    }

    private readonly struct Body(DepthwiseLanes s, (Meeting[][] Rows, Meeting[][] Columns) meetings, float* source, float* weights, float* bias, float* target) : IVectorPlaneBody
    {
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var block = plane % s.Blocks;
            var w = weights + (block * s.Taps * S.Count);
            V start = bias == null ? default : S.Load(bias + (block * S.Count));
            if (meetings.Rows != null)
                GatherStrided<S, V>(source + (plane * s.YPlane), w, start, target + (plane * s.XPlane));
            else
                Gather<S, V>(source + (plane * s.XPlane), w, start, target + (plane * s.YPlane));
        }

        /// <summary>target[p] = start + Σ w[t]·source[p·stride − padding + t·dilation].</summary>
        [MethodImpl(Hot.Loop)]
        private void Gather<S, V>(float* from, float* w, V start, float* to)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (step, across) = ((nint)s.Width.Stride * S.Count, (nint)s.Width.Dilation * S.Count);
            var inside = WholeWindows(s.Width, s.X.W, s.Y.W);
            for (var row = 0; row < s.Y.H; row++)
            {
                var rows = DepthwiseLanes.TapsInside(s.Height, row, s.X.H);
                for (var column = 0; column < s.Y.W;)
                {
                    var corner = from + (s.Width.Input(column, 0) * S.Count);
                    if (column >= inside.First && column + 4 <= inside.End)
                    {
                        V sum0 = start, sum1 = start, sum2 = start, sum3 = start;
                        for (var i = rows.First; i < rows.End; i++)
                        {
                            var x = corner + ((nint)s.Height.Input(row, i) * s.X.W * S.Count);
                            var weight = w + ((nint)i * s.Width.Size * S.Count);
                            for (var j = s.Width.Size; j > 0; j--, x += across, weight += S.Count)
                            {
                                var value = S.Load(weight);
                                sum0 = S.MultiplyAdd(value, S.Load(x), sum0);
                                sum1 = S.MultiplyAdd(value, S.Load(x + step), sum1);
                                sum2 = S.MultiplyAdd(value, S.Load(x + (2 * step)), sum2);
                                sum3 = S.MultiplyAdd(value, S.Load(x + (3 * step)), sum3);
                            }
                        }

                        S.Store(sum0, to);
                        S.Store(sum1, to + S.Count);
                        S.Store(sum2, to + (2 * S.Count));
                        S.Store(sum3, to + (3 * S.Count));
                        to += 4 * S.Count;
                        column += 4;
                        continue;
                    }

                    var columns = DepthwiseLanes.TapsInside(s.Width, column, s.X.W);
                    var sum = start;
                    for (var i = rows.First; i < rows.End; i++)
                    {
                        var x = corner + ((nint)s.Height.Input(row, i) * s.X.W * S.Count);
                        for (var j = columns.First; j < columns.End; j++)
                            sum = S.MultiplyAdd(S.Load(w + ((((nint)i * s.Width.Size) + j) * S.Count)), S.Load(x + (j * across)), sum);
                    }

                    S.Store(sum, to);
                    to += S.Count;
                    column++;
                }
            }
        }

        /// <summary>The outputs [first, end) none of whose taps lies in the padding.</summary>
        private static (int First, int End) WholeWindows(WindowAxis axis, int size, int outputs)
            => (axis.Inside(0, size, outputs).First, axis.Inside(axis.Size - 1, size, outputs).End);

        /// <summary>target[i] = start + Σ w[t]·source[p] over the taps t and outputs p with p·stride − padding + t·dilation = i.</summary>
        [MethodImpl(Hot.Loop)]
        private void GatherStrided<S, V>(float* from, float* w, V start, float* to)
            where S : struct, ISimd<V>
            where V : struct
        {
            for (var row = 0; row < s.X.H; row++)
            {
                for (var column = 0; column < s.X.W; column++, to += S.Count)
                {
                    var sum = start;
                    foreach (var (tapRow, outputRow) in meetings.Rows[row])
                    {
                        var outputs = from + ((nint)outputRow * s.Y.W * S.Count);
                        var weights = w + ((nint)tapRow * s.Width.Size * S.Count);
                        foreach (var (tap, output) in meetings.Columns[column])
                            sum = S.MultiplyAdd(S.Load(weights + ((nint)tap * S.Count)), S.Load(outputs + ((nint)output * S.Count)), sum);
                    }

                    S.Store(sum, to);
                }
            }
        }
    }
}

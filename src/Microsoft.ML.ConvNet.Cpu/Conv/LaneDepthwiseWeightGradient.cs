using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Weight gradient of a <see cref="LaneDepthwiseConv"/>: for each block of channels and tap the sum of products of dy with a shift of x, first over fixed groups of samples, then over
/// the groups in order.
/// </summary>
internal sealed unsafe class LaneDepthwiseWeightGradient(ConvProblem problem, WorkerPool pool) : Kernel
{
    private const int SampleGroups = 8;

    private readonly DepthwiseLanes _lanes = DepthwiseLanes.Of(problem);

    public override string Name => "depthwise by lanes";

    public override long WorkspaceLength => SampleGroups * (long)problem.WeightLength;

    public override void Run(KernelCall call)
    {
        var perGroup = GemmBlocking.DivideRoundingUp(call.Batch, SampleGroups);
        var groups = GemmBlocking.DivideRoundingUp(call.Batch, perGroup);
        var sums = call.Workspace();
        pool.RunVectors(groups * _lanes.Blocks, new Job(_lanes, call.Batch, perGroup, call.Input(0), call.Input(1), sums));

        var (taps, lanes) = (_lanes.Taps, VectorWidth.Floats);
        var dW = call.Output();
        for (var channel = 0; channel < problem.X.C; channel++)
        {
            for (var tap = 0; tap < taps; tap++)
            {
                var index = ((((nint)channel / lanes * taps) + tap) * lanes) + (channel % lanes);
                var sum = 0f;
                for (var group = 0; group < groups; group++)
                    sum += sums[((nint)group * problem.WeightLength) + index];
                dW[((nint)channel * taps) + tap] = sum;
            }
        }
    }

    private readonly struct Job(DepthwiseLanes s, int batch, int perGroup, float* x, float* dY, float* sums) : IVectorJob
    {
        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (group, block) = (chunk / s.Blocks, chunk % s.Blocks);
            var target = sums + ((((nint)group * s.Blocks) + block) * s.Taps * S.Count);
            new Span<float>(target, s.Taps * S.Count).Clear();
            for (var sample = group * perGroup; sample < Math.Min(batch, (group + 1) * perGroup); sample++)
            {
                var plane = ((nint)sample * s.Blocks) + block;
                for (var tap = 0; tap < s.Taps; tap++)
                    AddTap<S, V>(x + (plane * s.XPlane), dY + (plane * s.YPlane), tap, target + (tap * S.Count));
            }
        }

        [MethodImpl(Hot.Loop)]
        private void AddTap<S, V>(float* source, float* gradient, int tap, float* target)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (i, j) = (tap / s.Width.Size, tap % s.Width.Size);
            var (firstRow, endRow) = s.Height.Inside(i, s.X.H, s.Y.H);
            var (first, end) = s.Width.Inside(j, s.X.W, s.Y.W);
            var step = (nint)s.Width.Stride * S.Count;
            V sum0 = S.Load(target), sum1 = default, sum2 = default, sum3 = default;
            for (var row = firstRow; row < endRow; row++)
            {
                var g = gradient + ((((nint)row * s.Y.W) + first) * S.Count);
                var x = source + ((((nint)s.Height.Input(row, i) * s.X.W) + s.Width.Input(first, j)) * S.Count);
                var column = first;
                for (; column <= end - 4; column += 4, g += 4 * S.Count, x += 4 * step)
                {
                    sum0 = S.MultiplyAdd(S.Load(g), S.Load(x), sum0);
                    sum1 = S.MultiplyAdd(S.Load(g + S.Count), S.Load(x + step), sum1);
                    sum2 = S.MultiplyAdd(S.Load(g + (2 * S.Count)), S.Load(x + (2 * step)), sum2);
                    sum3 = S.MultiplyAdd(S.Load(g + (3 * S.Count)), S.Load(x + (3 * step)), sum3);
                }

                for (; column < end; column++, g += S.Count, x += step)
                    sum0 = S.MultiplyAdd(S.Load(g), S.Load(x), sum0);
            }

            S.Store(S.Add(S.Add(sum0, sum1), S.Add(sum2, sum3)), target);
        }
    }
}

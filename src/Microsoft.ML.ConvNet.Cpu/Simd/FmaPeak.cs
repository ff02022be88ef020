using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// What one thread can reach at most. Idea: twelve independent chains of fused multiply-adds, more than any core's
/// latency times its pipes needs, and few enough for sixteen registers; no memory at all.
/// </summary>
internal static class FmaPeak
{
    private const int Chains = 12;
    private const int Steps = 200_000;

    /// <summary>The best of several runs of a millisecond or less, in GFLOP/s (a multiply-add counts two).</summary>
    public static double Measure(int runs = 20)
    {
        var best = 0.0;
        for (var run = 0; run < runs; run++)
        {
            var start = Stopwatch.GetTimestamp();
            var lanes = RunWidest();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Max(best, 2.0 * Chains * Steps * lanes / seconds / 1e9);
        }

        return best;
    }

    private static int RunWidest()
    {
        if (Vector512.IsHardwareAccelerated)
            return Run<Simd512, Vector512<float>>(Steps);
        if (Vector256.IsHardwareAccelerated)
            return Run<Simd256, Vector256<float>>(Steps);
        return Run<Simd128, Vector128<float>>(Steps);
    }

    [MethodImpl(Hot.Loop)]
    private static int Run<S, V>(int steps)
        where S : struct, ISimd<V>
        where V : struct
    {
        V c0 = S.Create(0f), c1 = S.Create(1f), c2 = S.Create(2f), c3 = S.Create(3f);
        V c4 = S.Create(4f), c5 = S.Create(5f), c6 = S.Create(6f), c7 = S.Create(7f);
        V c8 = S.Create(8f), c9 = S.Create(9f), c10 = S.Create(10f), c11 = S.Create(11f);
        var factor = S.Create(0.5f);
        for (; steps > 0; steps--)
        {
            c0 = S.MultiplyAdd(c0, factor, factor);
            c1 = S.MultiplyAdd(c1, factor, factor);
            c2 = S.MultiplyAdd(c2, factor, factor);
            c3 = S.MultiplyAdd(c3, factor, factor);
            c4 = S.MultiplyAdd(c4, factor, factor);
            c5 = S.MultiplyAdd(c5, factor, factor);
            c6 = S.MultiplyAdd(c6, factor, factor);
            c7 = S.MultiplyAdd(c7, factor, factor);
            c8 = S.MultiplyAdd(c8, factor, factor);
            c9 = S.MultiplyAdd(c9, factor, factor);
            c10 = S.MultiplyAdd(c10, factor, factor);
            c11 = S.MultiplyAdd(c11, factor, factor);
        }

        // The sums keep the chains alive: every chain tends to 1, so the comparison always holds.
        var sum = S.Sum(S.Add(S.Add(S.Add(c0, c1), S.Add(c2, c3)), S.Add(S.Add(S.Add(c4, c5), S.Add(c6, c7)), S.Add(S.Add(c8, c9), S.Add(c10, c11)))));
        return float.IsFinite(sum) ? S.Count : 0;
    }
}

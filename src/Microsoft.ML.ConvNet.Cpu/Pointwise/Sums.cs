using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Sums whose bits depend on the shape alone. Idea: fixed chunks, each in four vectors of partial sums that end in a
/// tree; the chunks' sums are added in order, in double. Layout: flat. Lanes: elements.
/// </summary>
internal static unsafe class Sums
{
    /// <summary>The sum of an array.</summary>
    public static float Sum(WorkerPool pool, float* x, nint count)
    {
        var chunks = (int)((count + VectorLoop.ChunkSize - 1) / VectorLoop.ChunkSize);
        var partials = Scratch.Get(ScratchUse.Reduction, Math.Max(1, chunks));
        pool.Run(chunks, new Job(x, count, partials));

        var sum = 0.0;
        for (var i = 0; i < chunks; i++)
            sum += partials[i];
        return (float)sum;
    }

    /// <summary>result[c] = the sum of channel c over samples and positions.</summary>
    public static void PerChannel(WorkerPool pool, float* x, ChannelShape shape, float* result) =>
        ChannelReduction.Run(pool, shape, default, new Values(x), result, null);

    private static float SumChunk(float* x, nint count)
    {
        if (Vector512.IsHardwareAccelerated)
            return SumChunk<Simd512, Vector512<float>>(x, count);
        if (Vector256.IsHardwareAccelerated)
            return SumChunk<Simd256, Vector256<float>>(x, count);
        return SumChunk<Simd128, Vector128<float>>(x, count);
    }

    [MethodImpl(Hot.Loop)]
    private static float SumChunk<S, V>(float* x, nint count)
        where S : struct, ISimd<V>
        where V : struct
    {
        V sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        nint i = 0;
        for (; i <= count - (4 * S.Count); i += 4 * S.Count)
        {
            sum0 = S.Add(sum0, S.Load(x + i));
            sum1 = S.Add(sum1, S.Load(x + i + S.Count));
            sum2 = S.Add(sum2, S.Load(x + i + (2 * S.Count)));
            sum3 = S.Add(sum3, S.Load(x + i + (3 * S.Count)));
        }

        for (; i < count; i += S.Count)
            sum0 = S.Add(sum0, S.LoadFirst(x + i, (int)Math.Min(S.Count, count - i)));
        return S.Sum(S.Add(S.Add(sum0, sum1), S.Add(sum2, sum3)));
    }

    private readonly struct Job(float* x, nint count, float* partials) : IParallelJob
    {
        public void Execute(int chunk)
        {
            var start = (nint)chunk * VectorLoop.ChunkSize;
            partials[chunk] = SumChunk(x + start, Math.Min(VectorLoop.ChunkSize, count - start));
        }
    }

    private readonly struct Values(float* x) : IChannelTerms
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<S, V, L>(nint i, V a, V b, V c, L lanes, ref V first, ref V second)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> => first = S.Add(first, lanes.Load(x + i));
    }
}

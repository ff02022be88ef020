using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>One vector's worth of an element-wise loop.</summary>
internal interface ILoopBody
{
    /// <summary>Handles the elements from <paramref name="i"/> on, as many as <paramref name="lanes"/> holds.</summary>
    void Step<S, V, L>(nint i, L lanes)
        where S : struct, ISimd<V>
        where V : struct
        where L : struct, ILanes<V>;
}

/// <summary>
/// The one element-wise loop. Idea: bodies are readonly structs that the JIT inlines, so that every operation gets its
/// own tight loop from this source. Layout: flat arrays. Lanes: the widest the machine accelerates.
/// </summary>
internal static class VectorLoop
{
    /// <summary>64 KiB of floats: large against a dispatch, small against an L2 cache. A multiple of every width.</summary>
    public const int ChunkSize = 16384;

    /// <summary>Runs the body over [0, count) in chunks that depend on the count alone.</summary>
    public static void Run<B>(WorkerPool pool, nint count, B body)
        where B : struct, ILoopBody
    {
        if (count <= 2 * ChunkSize)
            Run(0, count, body);
        else
            pool.Run((int)((count + ChunkSize - 1) / ChunkSize), new Job<B>(count, body));
    }

    /// <summary>Runs the body over [start, end) on this thread.</summary>
    public static void Run<B>(nint start, nint end, B body)
        where B : struct, ILoopBody
    {
        if (Vector512.IsHardwareAccelerated)
            Loop<Simd512, Vector512<float>, B>(start, end, body);
        else if (Vector256.IsHardwareAccelerated)
            Loop<Simd256, Vector256<float>, B>(start, end, body);
        else
            Loop<Simd128, Vector128<float>, B>(start, end, body);
    }

    [MethodImpl(Hot.Loop)]
    private static void Loop<S, V, B>(nint start, nint end, B body)
        where S : struct, ISimd<V>
        where V : struct
        where B : struct, ILoopBody
    {
        var i = start;
        for (; i <= end - S.Count; i += S.Count)
            body.Step<S, V, FullLanes<S, V>>(i, default);
        if (i < end)
            body.Step<S, V, PartialLanes<S, V>>(i, new PartialLanes<S, V>((int)(end - i)));
    }

    private readonly struct Job<B>(nint count, B body) : IParallelJob
        where B : struct, ILoopBody
    {
        public void Execute(int chunk)
        {
            var start = (nint)chunk * ChunkSize;
            VectorLoop.Run(start, Math.Min(start + ChunkSize, count), body);
        }
    }
}

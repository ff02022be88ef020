using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The maximum of whole planes. Idea: every lane keeps the maximum of its elements, and the lanes are compared at the end; the gradient
/// looks for the element that has this value. Layout: flat planes. Lanes: elements of a plane.
/// </summary>
internal static unsafe class GlobalMaxPool
{
    /// <summary>The largest of <paramref name="count"/> elements; NaN where there is one.</summary>
    private static float Largest(float* x, nint count)
        => Vector512.IsHardwareAccelerated ? Largest<Simd512, Vector512<float>>(x, count)
            : Vector256.IsHardwareAccelerated ? Largest<Simd256, Vector256<float>>(x, count)
            : Largest<Simd128, Vector128<float>>(x, count);

    [MethodImpl(Hot.Loop)]
    private static float Largest<S, V>(float* x, nint count)
        where S : struct, ISimd<V>
        where V : struct
    {
        nint i = 0;
        var result = float.NegativeInfinity;
        if (count >= S.Count)
        {
            var best = S.Load(x);
            for (i = S.Count; i <= count - S.Count; i += S.Count)
            {
                var value = S.Load(x + i);
                best = S.Select(MaxPool.Beats<S, V>(value, best), value, best);
            }

            var lanes = stackalloc float[16];
            S.Store(best, lanes);
            for (var lane = 0; lane < S.Count; lane++)
                result = MaxPool.Beats(lanes[lane], result) ? lanes[lane] : result;
        }

        for (; i < count; i++)
            result = MaxPool.Beats(x[i], result) ? x[i] : result;
        return result;
    }

    /// <summary>The first element of the largest value, or the last NaN.</summary>
    private static nint Winner(float* x, nint count)
    {
        var largest = Largest(x, count);
        if (float.IsNaN(largest))
        {
            var last = count - 1;
            while (!float.IsNaN(x[last]))
                last--;
            return last;
        }

        nint first = 0;
        while (x[first] != largest)
            first++;
        return first;
    }

    public readonly struct ForwardBody(float* x, nint size, float* y) : IPlaneBody
    {
        public void Run(nint plane) => y[plane] = Largest(x + (plane * size), size);
    }

    public readonly struct BackwardBody(float* x, float* dY, nint size, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var target = dX + (plane * size);
            new Span<float>(target, (int)size).Clear();
            target[Winner(x + (plane * size), size)] = dY[plane];
        }
    }

    public readonly struct SwitchBody(float* x, nint size, float* y) : IPlaneBody
    {
        public void Run(nint plane) => y[plane] = Winner(x + (plane * size), size);
    }
}

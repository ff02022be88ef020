using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Windows of any kind, a row of outputs at a time. Idea: for every tap, the outputs whose tap falls inside the plane are
/// a range, so that borders are no branches in the inner loop; the row of outputs stays in L1 while the taps go over it.
/// Layout: planes of H×W. Lanes: outputs of a row; strides of one and two are loaded by vectors, wider ones by element.
/// Win: for 3×3 windows two apart, 5 times the speed of a loop over windows, and twice in the gradient.
/// </summary>
internal static unsafe class PoolRows
{
    /// <summary>How a window's elements are combined.</summary>
    public interface IReduction
    {
        static abstract float Initial { get; }

        static abstract V Combine<S, V>(V value, V next)
            where S : struct, ISimd<V>
            where V : struct;
    }

    /// <summary>Elements 0, stride, 2·stride … of a row, <paramref name="count"/> of them; no other memory is touched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LoadStrided<S, V>(float* source, int stride, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        if (stride == 1)
            return count == S.Count ? S.Load(source) : S.LoadFirst(source, count);
        if (stride == 2)
        {
            var floats = (2 * count) - 1;
            var low = floats >= S.Count ? S.Load(source) : S.LoadFirst(source, floats);
            return S.Even(low, S.LoadFirst(source + S.Count, Math.Max(0, floats - S.Count)));
        }

        return Gather<S, V>(source, stride, count);
    }

    private static V Gather<S, V>(float* source, int stride, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var lanes = stackalloc float[16];
        for (var i = 0; i < count; i++)
            lanes[i] = source[i * stride];
        return S.LoadFirst(lanes, count);
    }

    public readonly struct Maximum : IReduction
    {
        public static float Initial => float.NegativeInfinity;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Combine<S, V>(V value, V next)
            where S : struct, ISimd<V>
            where V : struct => S.Select(MaxPool.Beats<S, V>(next, value), next, value);
    }

    public readonly struct Sum : IReduction
    {
        public static float Initial => 0f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Combine<S, V>(V value, V next)
            where S : struct, ISimd<V>
            where V : struct => S.Add(value, next);
    }

    /// <summary>y = the reduction of every window.</summary>
    public readonly struct ForwardBody<R>(float* x, WindowGeometry g, float* y) : IPlaneBody
        where R : struct, IReduction
    {
        public void Run(nint plane)
        {
            if (Vector512.IsHardwareAccelerated)
                Run<Simd512, Vector512<float>>(plane);
            else if (Vector256.IsHardwareAccelerated)
                Run<Simd256, Vector256<float>>(plane);
            else
                Run<Simd128, Vector128<float>>(plane);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var source = x + (plane * g.PlaneSize);
            var target = y + (plane * g.OutputSize);
            new Span<float>(target, (int)g.OutputSize).Fill(R.Initial);
            for (var outputY = 0; outputY < g.OutputHeight; outputY++, target += g.OutputWidth)
            {
                var startY = (outputY * g.StrideY) - g.PaddingTop;
                var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
                for (var kx = 0; kx < g.KernelWidth; kx++)
                {
                    var offsetX = (kx * g.DilationX) - g.PaddingLeft;
                    var (first, end) = WindowGeometry.OutputsInside(offsetX, g.Width, g.StrideX, g.OutputWidth);
                    for (var i = first; i < end; i += S.Count)
                    {
                        var count = Math.Min(S.Count, end - i);
                        var value = S.LoadFirst(target + i, count);
                        for (var ky = firstY; ky < endY; ky++)
                        {
                            var row = source + ((nint)(startY + (ky * g.DilationY)) * g.Width) + offsetX;
                            value = R.Combine<S, V>(value, LoadStrided<S, V>(row + ((nint)i * g.StrideX), g.StrideX, count));
                        }

                        S.StoreFirst(value, target + i, count);
                    }
                }
            }
        }
    }

    /// <summary>
    /// dX of max-pooling: finds the offset of every window's winner as the forward pass finds its value (in scan order,
    /// since ties go to the first), then scatters a row of dY.
    /// </summary>
    public readonly struct MaxBackwardBody(float* x, float* dY, WindowGeometry g, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            if (Vector512.IsHardwareAccelerated)
                Run<Simd512, Vector512<float>>(plane);
            else if (Vector256.IsHardwareAccelerated)
                Run<Simd256, Vector256<float>>(plane);
            else
                Run<Simd128, Vector128<float>>(plane);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var source = x + (plane * g.PlaneSize);
            var gradient = dY + (plane * g.OutputSize);
            var target = dX + (plane * g.PlaneSize);
            new Span<float>(target, (int)g.PlaneSize).Clear();

            var best = Scratch.Get(ScratchUse.Pool, 2 * (nint)g.OutputWidth);
            var offsets = (int*)(best + g.OutputWidth);
            for (var outputY = 0; outputY < g.OutputHeight; outputY++, gradient += g.OutputWidth)
            {
                var startY = (outputY * g.StrideY) - g.PaddingTop;
                FindWinners<S, V>(source, startY, best, (float*)offsets);
                for (var i = 0; i < g.OutputWidth; i++)
                {
                    var corner = ((nint)startY * g.Width) + ((nint)i * g.StrideX) - g.PaddingLeft;
                    target[corner + offsets[i]] += gradient[i];
                }
            }
        }

        /// <summary>The offsets travel through the lanes as bits of floats: a select does not look at them.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void FindWinners<S, V>(float* source, int startY, float* best, float* offsets)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
            for (var i = 0; i < g.OutputWidth; i++)
            {
                var (firstX, _) = WindowGeometry.TapsInside((i * g.StrideX) - g.PaddingLeft, g.Width, g.KernelWidth, g.DilationX);
                best[i] = float.NegativeInfinity;
                offsets[i] = BitConverter.Int32BitsToSingle((firstY * g.DilationY * g.Width) + (firstX * g.DilationX));
            }

            for (var ky = firstY; ky < endY; ky++)
            {
                var row = source + ((nint)(startY + (ky * g.DilationY)) * g.Width);
                for (var kx = 0; kx < g.KernelWidth; kx++)
                {
                    var offsetX = (kx * g.DilationX) - g.PaddingLeft;
                    var offset = S.Create(BitConverter.Int32BitsToSingle((ky * g.DilationY * g.Width) + (kx * g.DilationX)));
                    var (first, end) = WindowGeometry.OutputsInside(offsetX, g.Width, g.StrideX, g.OutputWidth);
                    for (var i = first; i < end; i += S.Count)
                    {
                        var count = Math.Min(S.Count, end - i);
                        var value = LoadStrided<S, V>(row + offsetX + ((nint)i * g.StrideX), g.StrideX, count);
                        var before = S.LoadFirst(best + i, count);
                        var wins = MaxPool.Beats<S, V>(value, before);
                        S.StoreFirst(S.Select(wins, value, before), best + i, count);
                        S.StoreFirst(S.Select(wins, offset, S.LoadFirst(offsets + i, count)), offsets + i, count);
                    }
                }
            }
        }
    }
}

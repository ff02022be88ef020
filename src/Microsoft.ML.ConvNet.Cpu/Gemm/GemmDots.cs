using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Matrix times vector and its like. Idea: with one to three rows (or columns) of C, and both factors adjacent along k,
/// packing would cost more than the product; every element is a dot product, four at a time so that the shared vector is
/// loaded once. Layout: both along k. Lanes: k, summed as a fixed tree.
/// </summary>
internal static unsafe class GemmDots
{
    private const int MaxThin = 3;
    private const int DotsPerChunkWork = 1 << 18;

    public static bool Supports(int m, int n, int k, Matrix a, Matrix b) =>
        Math.Min(m, n) <= MaxThin
        && a.ColumnStride == 1 && b.RowStride == 1
        && k >= Vector512<float>.Count;

    public static void Run<TEpilogue>(
        WorkerPool pool, int m, int n, int k, Matrix a, Matrix b, float* c, nint cRow, GemmStart start, TEpilogue epilogue)
        where TEpilogue : struct, IUnaryFunction
    {
        var job = new Job<TEpilogue>(m, n, k, a, b, c, cRow, start, epilogue);
        pool.Run(job.Chunks, job);
    }

    /// <summary>A run of rows of the thick factor, against every row of the thin one.</summary>
    private readonly struct Job<TEpilogue>(
        int m, int n, int k, Matrix a, Matrix b, float* c, nint cRow, GemmStart start, TEpilogue epilogue) : IParallelJob
        where TEpilogue : struct, IUnaryFunction
    {
        private readonly bool _thinIsA = m <= n;
        private readonly int _perChunk = Math.Max(4, DotsPerChunkWork / (k * Math.Min(m, n)) / 4 * 4);

        public int Chunks => GemmBlocking.DivideRoundingUp(Math.Max(m, n), _perChunk);

        public void Execute(int chunk)
        {
            var (thin, thick) = _thinIsA ? (a, b.T) : (b.T, a);
            var end = Math.Min(Math.Max(m, n), (chunk + 1) * _perChunk);
            var dots = stackalloc float[4];
            for (var t = 0; t < Math.Min(m, n); t++)
            {
                for (var r = chunk * _perChunk; r < end; r += 4)
                {
                    var count = Math.Min(4, end - r);
                    Dot4(thin.At(t, 0), thick.At(r, 0), thick.RowStride, count, k, dots);
                    for (var i = 0; i < count; i++)
                    {
                        var (row, column) = _thinIsA ? (t, r + i) : (r + i, t);
                        var target = c + (row * cRow) + column;
                        dots[i] += start.At(row, column, *target);
                    }

                    var value = epilogue.Apply<Simd128, Vector128<float>>(Vector128.Load(dots));
                    for (var i = 0; i < count; i++)
                    {
                        var (row, column) = _thinIsA ? (t, r + i) : (r + i, t);
                        c[(row * cRow) + column] = value[i];
                    }
                }
            }
        }
    }

    /// <summary>The dot products of x with <paramref name="count"/> (at most 4) rows of y; rows beyond repeat the last.</summary>
    private static void Dot4(float* x, float* y, nint yRow, int count, int k, float* dots)
    {
        var y1 = y + (Math.Min(1, count - 1) * yRow);
        var y2 = y + (Math.Min(2, count - 1) * yRow);
        var y3 = y + (Math.Min(3, count - 1) * yRow);
        if (Vector512.IsHardwareAccelerated)
            Dot4<Simd512, Vector512<float>>(x, y, y1, y2, y3, k, dots);
        else if (Vector256.IsHardwareAccelerated)
            Dot4<Simd256, Vector256<float>>(x, y, y1, y2, y3, k, dots);
        else
            Dot4<Simd128, Vector128<float>>(x, y, y1, y2, y3, k, dots);
    }

    [MethodImpl(Hot.Loop)]
    private static void Dot4<S, V>(float* x, float* y0, float* y1, float* y2, float* y3, int k, float* dots)
        where S : struct, ISimd<V>
        where V : struct
    {
        V even0 = default, even1 = default, even2 = default, even3 = default;
        V odd0 = default, odd1 = default, odd2 = default, odd3 = default;
        nint i = 0;
        for (; i <= k - (2 * S.Count); i += 2 * S.Count)
        {
            var evenX = S.Load(x + i);
            even0 = S.MultiplyAdd(evenX, S.Load(y0 + i), even0);
            even1 = S.MultiplyAdd(evenX, S.Load(y1 + i), even1);
            even2 = S.MultiplyAdd(evenX, S.Load(y2 + i), even2);
            even3 = S.MultiplyAdd(evenX, S.Load(y3 + i), even3);
            var oddX = S.Load(x + i + S.Count);
            odd0 = S.MultiplyAdd(oddX, S.Load(y0 + i + S.Count), odd0);
            odd1 = S.MultiplyAdd(oddX, S.Load(y1 + i + S.Count), odd1);
            odd2 = S.MultiplyAdd(oddX, S.Load(y2 + i + S.Count), odd2);
            odd3 = S.MultiplyAdd(oddX, S.Load(y3 + i + S.Count), odd3);
        }

        for (; i < k; i += S.Count)
        {
            var lanes = new PartialLanes<S, V>((int)Math.Min(S.Count, k - i));
            var lastX = lanes.Load(x + i);
            even0 = S.MultiplyAdd(lastX, lanes.Load(y0 + i), even0);
            even1 = S.MultiplyAdd(lastX, lanes.Load(y1 + i), even1);
            even2 = S.MultiplyAdd(lastX, lanes.Load(y2 + i), even2);
            even3 = S.MultiplyAdd(lastX, lanes.Load(y3 + i), even3);
        }

        dots[0] = S.Sum(S.Add(even0, odd0));
        dots[1] = S.Sum(S.Add(even1, odd1));
        dots[2] = S.Sum(S.Add(even2, odd2));
        dots[3] = S.Sum(S.Add(even3, odd3));
    }
}

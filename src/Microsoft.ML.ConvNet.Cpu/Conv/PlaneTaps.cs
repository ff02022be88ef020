using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A plane against shifts of another. Idea: where a plane has room around it, a tap of a window is an offset, the same for all
/// places, so that the loop over taps needs neither rows nor borders. Four vectors of places are summed at a time, from
/// whatever rows, which hides the latency of the additions even where rows are short. Layout: rows a pitch apart; a row may be
/// read a vector beyond its end. Lanes: places of a row.
/// </summary>
internal static unsafe class PlaneTaps
{
    /// <summary>target[r, c] = start + Σ weights[t]·source[r·step + c + offsets[t]].</summary>
    public static void Correlate(
        float* source, nint step, ReadOnlySpan<nint> offsets, float* weights, float start, float* target, int rows, int columns)
    {
        if (Vector512.IsHardwareAccelerated)
            Correlate<Simd512, Vector512<float>>(source, step, offsets, weights, start, target, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            Correlate<Simd256, Vector256<float>>(source, step, offsets, weights, start, target, rows, columns);
        else
            Correlate<Simd128, Vector128<float>>(source, step, offsets, weights, start, target, rows, columns);
    }

    /// <summary>accumulators[t] += source[r·step + c + offsets[t]]·gradient[r·pitch + c], lane by lane, over all r and c.</summary>
    public static void AddDots(float* source, nint step, ReadOnlySpan<nint> offsets, float* gradient, int rows, int pitch, float* accumulators)
    {
        if (Vector512.IsHardwareAccelerated)
            AddDots<Simd512, Vector512<float>>(source, step, offsets, gradient, rows, pitch, accumulators);
        else if (Vector256.IsHardwareAccelerated)
            AddDots<Simd256, Vector256<float>>(source, step, offsets, gradient, rows, pitch, accumulators);
        else
            AddDots<Simd128, Vector128<float>>(source, step, offsets, gradient, rows, pitch, accumulators);
    }

    /// <summary>Each sum is that of the lanes of one accumulator.</summary>
    public static void SumLanes(float* accumulators, int count, float* sums)
    {
        for (var i = 0; i < count; i++)
        {
            sums[i] = Vector512.IsHardwareAccelerated ? Simd512.Sum(Vector512.Load(accumulators + (i * 16)))
                : Vector256.IsHardwareAccelerated ? Simd256.Sum(Vector256.Load(accumulators + (i * 8)))
                : Simd128.Sum(Vector128.Load(accumulators + (i * 4)));
        }
    }

    /// <summary>target = the elements 0, stride, 2·stride … of source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyStrided(float* source, int stride, float* target, int count)
    {
        if (count <= 0)
            return;
        if (stride == 1)
        {
            new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
            return;
        }

        for (var i = 0; i < count; i++)
            target[i] = source[(nint)i * stride];
    }

    /// <summary>Rows with zeros after them up to the pitch.</summary>
    public static void CopyRows(float* source, int rows, int columns, float* target, int pitch)
    {
        for (var row = 0; row < rows; row++, source += columns, target += pitch)
        {
            new ReadOnlySpan<float>(source, columns).CopyTo(new Span<float>(target, columns));
            new Span<float>(target + columns, pitch - columns).Clear();
        }
    }

    /// <summary>Elements of a dense plane to rows a pitch and columns a stride apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* source, int rows, int columns, float* target, nint pitch, int stride)
    {
        for (var row = 0; row < rows; row++, source += columns, target += pitch)
            for (var column = 0; column < columns; column++)
                target[(nint)column * stride] = source[column];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Correlate<S, V>(
        float* source, nint step, ReadOnlySpan<nint> taps, float* weights, float start, float* target, int rows, int columns)
        where S : struct, ISimd<V>
        where V : struct
    {
        fixed (nint* offsets = taps)
        {
            var across = GemmBlocking.DivideRoundingUp(columns, S.Count);
            var places = new Places<S, V>(source, step, target, columns, across);
            var count = rows * across;
            var place = 0;
            for (; place + 4 <= count; place += 4)
            {
                var s0 = places.Source(place);
                var s1 = places.Source(place + 1);
                var s2 = places.Source(place + 2);
                var s3 = places.Source(place + 3);
                var y0 = S.Create(start);
                var (y1, y2, y3) = (y0, y0, y0);
                for (var tap = 0; tap < taps.Length; tap++)
                {
                    var (offset, weight) = (offsets[tap], S.Create(weights[tap]));
                    y0 = S.MultiplyAdd(weight, S.Load(s0 + offset), y0);
                    y1 = S.MultiplyAdd(weight, S.Load(s1 + offset), y1);
                    y2 = S.MultiplyAdd(weight, S.Load(s2 + offset), y2);
                    y3 = S.MultiplyAdd(weight, S.Load(s3 + offset), y3);
                }

                places.Store(y0, place);
                places.Store(y1, place + 1);
                places.Store(y2, place + 2);
                places.Store(y3, place + 3);
            }

            for (; place < count; place++)
            {
                var s0 = places.Source(place);
                var y0 = S.Create(start);
                for (var tap = 0; tap < taps.Length; tap++)
                    y0 = S.MultiplyAdd(S.Create(weights[tap]), S.Load(s0 + offsets[tap]), y0);
                places.Store(y0, place);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddDots<S, V>(float* source, nint step, ReadOnlySpan<nint> taps, float* gradient, int rows, int pitch, float* accumulators)
        where S : struct, ISimd<V>
        where V : struct
    {
        fixed (nint* offsets = taps)
        {
            var tap = 0;
            for (; tap + 4 <= taps.Length; tap += 4)
            {
                var sums = accumulators + (tap * S.Count);
                var (w0, w1) = (S.Load(sums), S.Load(sums + S.Count));
                var (w2, w3) = (S.Load(sums + (2 * S.Count)), S.Load(sums + (3 * S.Count)));
                var (o0, o1, o2, o3) = (offsets[tap], offsets[tap + 1], offsets[tap + 2], offsets[tap + 3]);
                for (var row = 0; row < rows; row++)
                {
                    var x = source + (row * step);
                    var dY = gradient + ((nint)row * pitch);
                    for (var column = 0; column < pitch; column += S.Count)
                    {
                        var d = S.Load(dY + column);
                        w0 = S.MultiplyAdd(d, S.Load(x + column + o0), w0);
                        w1 = S.MultiplyAdd(d, S.Load(x + column + o1), w1);
                        w2 = S.MultiplyAdd(d, S.Load(x + column + o2), w2);
                        w3 = S.MultiplyAdd(d, S.Load(x + column + o3), w3);
                    }
                }

                S.Store(w0, sums);
                S.Store(w1, sums + S.Count);
                S.Store(w2, sums + (2 * S.Count));
                S.Store(w3, sums + (3 * S.Count));
            }

            for (; tap < taps.Length; tap++)
            {
                var w0 = S.Load(accumulators + (tap * S.Count));
                for (var row = 0; row < rows; row++)
                {
                    var x = source + (row * step) + offsets[tap];
                    var dY = gradient + ((nint)row * pitch);
                    for (var column = 0; column < pitch; column += S.Count)
                        w0 = S.MultiplyAdd(S.Load(dY + column), S.Load(x + column), w0);
                }

                S.Store(w0, accumulators + (tap * S.Count));
            }
        }
    }

    /// <summary>Vectors of places, numbered row after row.</summary>
    private readonly struct Places<S, V>(float* source, nint step, float* target, int columns, int across)
        where S : struct, ISimd<V>
        where V : struct
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float* Source(int place) => source + (place / across * step) + (place % across * S.Count);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(V value, int place)
        {
            var first = place % across * S.Count;
            var row = target + ((nint)(place / across) * columns);
            if (columns - first >= S.Count)
                S.Store(value, row + first);
            else
                S.StoreFirst(value, row + first, columns - first);
        }
    }
}

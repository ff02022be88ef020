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
    /// <summary>The floats of a vector.</summary>
    public static readonly int Lanes = VectorWidth.Floats;

    /// <summary>The next whole number of vectors, in floats.</summary>
    public static int RoundUp(int count) => GemmBlocking.DivideRoundingUp(count, Lanes) * Lanes;

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
    [MethodImpl(Hot.Loop)]
    public static void CopyStrided(float* source, int stride, float* target, int count)
    {
        for (var i = 0; i < count; i++)
            target[i] = source[(nint)i * stride];
    }

    /// <summary>
    /// Copies rows in ascending order, each with zeros after it up to a whole number of vectors, which the next row may overwrite.
    /// </summary>
    public static void CopyRows(float* source, nint sourcePitch, int rows, int columns, float* target, nint targetPitch)
    {
        if (Vector512.IsHardwareAccelerated)
            CopyRows<Simd512, Vector512<float>>(source, sourcePitch, rows, columns, target, targetPitch);
        else if (Vector256.IsHardwareAccelerated)
            CopyRows<Simd256, Vector256<float>>(source, sourcePitch, rows, columns, target, targetPitch);
        else
            CopyRows<Simd128, Vector128<float>>(source, sourcePitch, rows, columns, target, targetPitch);
    }

    /// <summary>The elements of even and of odd index of source.</summary>
    public static void Deinterleave(float* source, float* even, float* odd, int pairs)
    {
        if (Vector512.IsHardwareAccelerated)
            Deinterleave<Simd512, Vector512<float>>(source, even, odd, pairs);
        else if (Vector256.IsHardwareAccelerated)
            Deinterleave<Simd256, Vector256<float>>(source, even, odd, pairs);
        else
            Deinterleave<Simd128, Vector128<float>>(source, even, odd, pairs);
    }

    /// <summary>target = even[0], odd[0], even[1], odd[1] …, <paramref name="count"/> elements in all.</summary>
    public static void Interleave(float* even, float* odd, float* target, int count)
    {
        if (Vector512.IsHardwareAccelerated)
            Interleave<Simd512, Vector512<float>>(even, odd, target, count);
        else if (Vector256.IsHardwareAccelerated)
            Interleave<Simd256, Vector256<float>>(even, odd, target, count);
        else
            Interleave<Simd128, Vector128<float>>(even, odd, target, count);
    }

    /// <summary>Elements of a dense plane to rows a pitch and columns a stride apart.</summary>
    [MethodImpl(Hot.Loop)]
    public static void Spread(float* source, int rows, int columns, float* target, nint pitch, int stride)
    {
        for (var row = 0; row < rows; row++, source += columns, target += pitch)
            for (var column = 0; column < columns; column++)
                target[(nint)column * stride] = source[column];
    }

    [MethodImpl(Hot.Loop)]
    private static void Correlate<S, V>(
        float* source, nint step, ReadOnlySpan<nint> taps, float* weights, float start, float* target, int rows, int columns)
        where S : struct, ISimd<V>
        where V : struct
    {
        fixed (nint* offsets = taps)
        {
            var count = rows * GemmBlocking.DivideRoundingUp(columns, S.Count);
            var at = new Place<S, V>(source, target, columns);
            for (; count >= 4; count -= 4)
            {
                var p0 = at;
                var p1 = p0.Next(step, columns);
                var p2 = p1.Next(step, columns);
                var p3 = p2.Next(step, columns);
                at = p3.Next(step, columns);
                var y0 = S.Create(start);
                var (y1, y2, y3) = (y0, y0, y0);
                for (var tap = 0; tap < taps.Length; tap++)
                {
                    var (offset, weight) = (offsets[tap], S.Create(weights[tap]));
                    y0 = S.MultiplyAdd(weight, S.Load(p0.Source + offset), y0);
                    y1 = S.MultiplyAdd(weight, S.Load(p1.Source + offset), y1);
                    y2 = S.MultiplyAdd(weight, S.Load(p2.Source + offset), y2);
                    y3 = S.MultiplyAdd(weight, S.Load(p3.Source + offset), y3);
                }

                p0.Store(y0);
                p1.Store(y1);
                p2.Store(y2);
                p3.Store(y3);
            }

            for (; count > 0; count--, at = at.Next(step, columns))
            {
                var y0 = S.Create(start);
                for (var tap = 0; tap < taps.Length; tap++)
                    y0 = S.MultiplyAdd(S.Create(weights[tap]), S.Load(at.Source + offsets[tap]), y0);
                at.Store(y0);
            }
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void CopyRows<S, V>(float* source, nint sourcePitch, int rows, int columns, float* target, nint targetPitch)
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var row = 0; row < rows; row++, source += sourcePitch, target += targetPitch)
        {
            var i = 0;
            for (; i + S.Count <= columns; i += S.Count)
                S.Store(S.Load(source + i), target + i);
            if (i < columns)
                S.Store(S.LoadFirst(source + i, columns - i), target + i);
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void Deinterleave<S, V>(float* source, float* even, float* odd, int pairs)
        where S : struct, ISimd<V>
        where V : struct
    {
        var i = 0;
        for (; i + S.Count <= pairs; i += S.Count)
        {
            var (low, high) = (S.Load(source + (2 * i)), S.Load(source + (2 * i) + S.Count));
            S.Store(S.Even(low, high), even + i);
            S.Store(S.Odd(low, high), odd + i);
        }

        for (; i < pairs; i++)
            (even[i], odd[i]) = (source[2 * i], source[(2 * i) + 1]);
    }

    [MethodImpl(Hot.Loop)]
    private static void Interleave<S, V>(float* even, float* odd, float* target, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var i = 0;
        for (; 2 * (i + S.Count) <= count; i += S.Count)
        {
            var (e, o) = (S.Load(even + i), S.Load(odd + i));
            S.Store(S.InterleaveFirst(e, o), target + (2 * i));
            S.Store(S.InterleaveSecond(e, o), target + (2 * i) + S.Count);
        }

        for (i *= 2; i < count; i++)
            target[i] = i % 2 == 0 ? even[i / 2] : odd[i / 2];
    }

    [MethodImpl(Hot.Loop)]
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

    /// <summary>A vector of places: where it is read and written, and how many places of its row are left.</summary>
    private readonly struct Place<S, V>(float* source, float* target, int left)
        where S : struct, ISimd<V>
        where V : struct
    {
        public readonly float* Source = source;
        private readonly float* _target = target;
        private readonly int _left = left;

        /// <summary>The next vector: in the same row, or at the start of the next.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Place<S, V> Next(nint step, int columns) => _left > S.Count
            ? new(Source + S.Count, _target + S.Count, _left - S.Count)
            : new(Source + step - (columns - _left), _target + _left, columns);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(V value)
        {
            if (_left >= S.Count)
                S.Store(value, _target);
            else
                S.StoreFirst(value, _target, _left);
        }
    }
}

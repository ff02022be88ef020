using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A linear map along one axis of a tensor of outer×axis×inner. Idea: the map is a sparse matrix, a table made once. Where the axis is not
/// the last, an output row is a weighted sum of input rows. Along the last axis, outputs in the middle that have the same weights a fixed
/// stride apart, all as under a pooling window or every other one as in an image twice as large, are computed a vector at a time, and the
/// others one by one. Lanes: elements of a row.
/// </summary>
internal sealed unsafe class AxisPass
{
    private readonly int[] _starts;
    private readonly int[] _sources;
    private readonly float[] _weights;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly nint _outer;
    private readonly nint _inner;

    // The outputs [first, end) with the same weights, or with the same weights as the last but one, and the distance between their sources.
    private readonly int _first;
    private readonly int _end;
    private readonly int _stride;
    private readonly int _period;

    public AxisPass(AxisMap map, nint outer, nint inner)
    {
        (_inputs, _outputs, _outer, _inner) = (map.Inputs, map.Outputs, outer, inner);
        _starts = new int[_outputs + 1];
        for (var o = 0; o < _outputs; o++)
            _starts[o + 1] = _starts[o] + map[o].Length;
        _sources = new int[_starts[_outputs]];
        _weights = new float[_sources.Length];
        for (var o = 0; o < _outputs; o++)
        {
            for (var t = 0; t < map[o].Length; t++)
                (_sources[_starts[o] + t], _weights[_starts[o] + t]) = (map[o][t].Input, (float)map[o][t].Weight);
        }

        var (one, two) = (Periodic(map, 1), Periodic(map, 2));
        (_first, _end, _stride) = two.End - two.First > one.End - one.First ? two : one;
        _period = two.End - two.First > one.End - one.First ? 2 : 1;
    }

    /// <summary>The elements that come out.</summary>
    public nint Length => _outer * _outputs * _inner;

    public void Run(float* x, float* y)
    {
        if (Vector512.IsHardwareAccelerated)
            Run<Simd512, Vector512<float>>(x, y);
        else if (Vector256.IsHardwareAccelerated)
            Run<Simd256, Vector256<float>>(x, y);
        else
            Run<Simd128, Vector128<float>>(x, y);
    }

    /// <summary>
    /// The outputs, a multiple of <paramref name="period"/> of them, around the middle that have the weights of the output one period before,
    /// the same distance further on.
    /// </summary>
    private static (int First, int End, int Stride) Periodic(AxisMap map, int period)
    {
        var (first, end, stride) = (map.Outputs / 2, (map.Outputs / 2) + period, 0);
        for (var o = first; o < end && o + period < map.Outputs; o++)
            stride = map[o].Length > 0 && map[o + period].Length > 0 ? map[o + period][0].Input - map[o][0].Input : stride;
        if (stride < 1)
            return default;
        while (end < map.Outputs && SameWeights(map[end - period], map[end], stride))
            end++;
        while (first > 0 && SameWeights(map[first - 1], map[first - 1 + period], stride))
            first--;
        return (first, end - ((end - first) % period), stride);
    }

    private static bool SameWeights(ReadOnlySpan<AxisTap> taps, ReadOnlySpan<AxisTap> later, int distance)
    {
        if (taps.Length != later.Length)
            return false;
        for (var t = 0; t < taps.Length; t++)
        {
            if (later[t] != taps[t] with { Input = taps[t].Input + distance })
                return false;
        }

        return true;
    }

    [MethodImpl(Hot.Loop)]
    private void Run<S, V>(float* x, float* y)
        where S : struct, ISimd<V>
        where V : struct
    {
        fixed (int* starts = _starts, sources = _sources)
        {
            fixed (float* weights = _weights)
            {
                for (nint outer = 0; outer < _outer; outer++, x += _inputs * _inner, y += _outputs * _inner)
                {
                    if (_inner == 1)
                        Row<S, V>(x, y, starts, sources, weights);
                    else
                        Rows<S, V>(x, y, starts, sources, weights);
                }
            }
        }
    }

    [MethodImpl(Hot.Loop)]
    private void Rows<S, V>(float* x, float* y, int* starts, int* sources, float* weights)
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var o = 0; o < _outputs; o++, y += _inner)
        {
            var (first, end) = (starts[o], starts[o + 1]);
            for (nint i = 0; i < _inner; i += S.Count)
            {
                var room = _inner - i;
                V sum = default;
                if (room >= S.Count)
                {
                    for (var t = first; t < end; t++)
                        sum = S.MultiplyAdd(S.Create(weights[t]), S.Load(x + (sources[t] * _inner) + i), sum);
                    S.Store(sum, y + i);
                }
                else
                {
                    for (var t = first; t < end; t++)
                        sum = S.MultiplyAdd(S.Create(weights[t]), S.LoadFirst(x + (sources[t] * _inner) + i, (int)room), sum);
                    S.StoreFirst(sum, y + i, (int)room);
                }
            }
        }
    }

    [MethodImpl(Hot.Loop)]
    private void Row<S, V>(float* x, float* y, int* starts, int* sources, float* weights)
        where S : struct, ISimd<V>
        where V : struct
    {
        Single(x, y, starts, sources, weights, 0, _first);
        for (var o = _first; o < _end; o += _period * S.Count)
        {
            var room = (_end - o) / _period;
            var even = Sum<S, V>(x, o, starts, sources, weights, room);
            if (_period == 2)
                StorePairs<S, V>(even, Sum<S, V>(x, o + 1, starts, sources, weights, room), y + o, 2 * room);
            else if (room >= S.Count)
                S.Store(even, y + o);
            else
                S.StoreFirst(even, y + o, room);
        }

        Single(x, y, starts, sources, weights, _end, _outputs);
    }

    /// <summary>Output o and those that follow it a period apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Sum<S, V>(float* x, int o, int* starts, int* sources, float* weights, int room)
        where S : struct, ISimd<V>
        where V : struct
    {
        V sum = default;
        for (var t = starts[o]; t < starts[o + 1]; t++)
            sum = S.MultiplyAdd(S.Create(weights[t]), StridedLoad.First<S, V>(x + sources[t], _stride, room), sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs<S, V>(V even, V odd, float* y, int room)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (low, high) = (S.InterleaveFirst(even, odd), S.InterleaveSecond(even, odd));
        if (room >= 2 * S.Count)
        {
            S.Store(low, y);
            S.Store(high, y + S.Count);
        }
        else
        {
            S.StoreFirst(low, y, Math.Min(S.Count, room));
            S.StoreFirst(high, y + S.Count, Math.Max(0, room - S.Count));
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void Single(float* x, float* y, int* starts, int* sources, float* weights, int first, int end)
    {
        for (var o = first; o < end; o++)
        {
            var sum = 0f;
            for (var t = starts[o]; t < starts[o + 1]; t++)
                sum += weights[t] * x[sources[t]];
            y[o] = sum;
        }
    }
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// F(4, 5): the points 0, 1, −1, 2, −2, ½, −½, ∞. 6.25 times fewer multiplications in two dimensions; errors of about 1e-5 of the largest output.
/// </summary>
internal readonly unsafe struct WinogradF45 : IWinogradTile
{
    public static string Name => "Winograd F(4×4, 5×5)";

    public static int Outputs => 4;

    public static int Taps => 5;

    public static int Points => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (d0, d1, d2, d3) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)), S.Load(from + (3 * step)));
        from += 4 * step;
        var (d4, d5, d6, d7) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)), S.Load(from + (3 * step)));
        S.Store(S.MultiplyAdd(S.Create(21f / 4), S.Subtract(d4, d2), S.Subtract(d0, d6)), to);

        var even = S.MultiplyAdd(S.Create(-17f / 4), d4, S.Add(d2, d6));
        var odd = S.MultiplyAdd(S.Create(-17f / 4), d3, S.Add(d1, d5));
        S.Store(S.Add(even, odd), to + toStep);
        S.Store(S.Subtract(even, odd), to + (2 * toStep));

        even = S.MultiplyAdd(S.Create(1f / 4), d2, S.MultiplyAdd(S.Create(-5f / 4), d4, d6));
        odd = S.MultiplyAdd(S.Create(1f / 2), d1, S.MultiplyAdd(S.Create(-5f / 2), d3, S.Add(d5, d5)));
        S.Store(S.Add(even, odd), to + (3 * toStep));
        S.Store(S.Subtract(even, odd), to + (4 * toStep));

        even = S.MultiplyAdd(S.Create(4f), d2, S.MultiplyAdd(S.Create(-5f), d4, d6));
        odd = S.MultiplyAdd(S.Create(1f / 2), d5, S.MultiplyAdd(S.Create(-5f / 2), d3, S.Add(d1, d1)));
        S.Store(S.Add(even, odd), to + (5 * toStep));
        S.Store(S.Subtract(even, odd), to + (6 * toStep));

        S.Store(S.MultiplyAdd(S.Create(21f / 4), S.Subtract(d3, d5), S.Subtract(d7, d1)), to + (7 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (p1, p2, p3) = (S.Load(from + step), S.Load(from + (2 * step)), S.Load(from + (3 * step)));
        var (p4, p5, p6) = (S.Load(from + (4 * step)), S.Load(from + (5 * step)), S.Load(from + (6 * step)));
        var (first, last) = (S.Load(from), S.Load(from + (7 * step)));
        var (even1, odd1) = (S.Add(p1, p2), S.Subtract(p1, p2));
        var (even2, odd2) = (S.Add(p3, p4), S.Subtract(p3, p4));
        var (even3, odd3) = (S.Add(p5, p6), S.Subtract(p5, p6));
        var (half, quarter) = (S.Create(1f / 2), S.Create(1f / 4));
        S.Store(first, to);
        S.Store(S.MultiplyAdd(half, odd2, S.MultiplyAdd(S.Create(2f), odd3, S.Subtract(odd1, last))), to + toStep);
        S.Store(S.MultiplyAdd(S.Create(-21f / 4), first, S.MultiplyAdd(quarter, even2, S.MultiplyAdd(S.Create(4f), even3, even1))), to + (2 * toStep));
        var middle = S.MultiplyAdd(S.Create(-17f / 4), odd1, S.Multiply(S.Create(-5f / 2), S.Add(odd2, odd3)));
        S.Store(S.MultiplyAdd(S.Create(21f / 4), last, middle), to + (3 * toStep));
        middle = S.MultiplyAdd(S.Create(-17f / 4), even1, S.MultiplyAdd(S.Create(-5f / 4), even2, S.Multiply(S.Create(-5f), even3)));
        S.Store(S.MultiplyAdd(S.Create(21f / 4), first, middle), to + (4 * toStep));
        S.Store(S.MultiplyAdd(S.Create(-21f / 4), last, S.MultiplyAdd(half, odd3, S.MultiplyAdd(S.Create(2f), odd2, odd1))), to + (5 * toStep));
        S.Store(S.Subtract(S.Add(even1, S.Add(even2, even3)), first), to + (6 * toStep));
        S.Store(last, to + (7 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Filter<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (g0, g1, g2) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)));
        var (g3, g4) = (S.Load(from + (3 * step)), S.Load(from + (4 * step)));
        S.Store(g0, to);

        var scale = S.Create(-2f / 9);
        var even = S.Multiply(scale, S.Add(g0, S.Add(g2, g4)));
        var odd = S.Multiply(scale, S.Add(g1, g3));
        S.Store(S.Add(even, odd), to + toStep);
        S.Store(S.Subtract(even, odd), to + (2 * toStep));

        var (one, two, four, eight) = (S.Create(1f / 45), S.Create(2f / 45), S.Create(4f / 45), S.Create(8f / 45));
        even = S.MultiplyAdd(S.Create(1f / 90), g0, S.MultiplyAdd(two, g2, S.Multiply(eight, g4)));
        odd = S.MultiplyAdd(one, g1, S.Multiply(four, g3));
        S.Store(S.Add(even, odd), to + (3 * toStep));
        S.Store(S.Subtract(even, odd), to + (4 * toStep));

        even = S.MultiplyAdd(S.Create(32f / 45), g0, S.MultiplyAdd(eight, g2, S.Multiply(two, g4)));
        odd = S.MultiplyAdd(S.Create(16f / 45), g1, S.Multiply(four, g3));
        S.Store(S.Add(even, odd), to + (5 * toStep));
        S.Store(S.Subtract(even, odd), to + (6 * toStep));

        S.Store(g4, to + (7 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (p1, p2, p3) = (S.Load(from + step), S.Load(from + (2 * step)), S.Load(from + (3 * step)));
        var (p4, p5, p6) = (S.Load(from + (4 * step)), S.Load(from + (5 * step)), S.Load(from + (6 * step)));
        var (even1, odd1) = (S.Add(p1, p2), S.Subtract(p1, p2));
        var (even2, odd2) = (S.Add(p3, p4), S.Subtract(p3, p4));
        var (even3, odd3) = (S.Add(p5, p6), S.Subtract(p5, p6));
        S.Store(S.Add(S.Add(S.Load(from), even1), S.Add(even2, even3)), to);
        S.Store(S.MultiplyAdd(S.Create(1f / 2), odd3, S.MultiplyAdd(S.Create(2f), odd2, odd1)), to + toStep);
        S.Store(S.MultiplyAdd(S.Create(1f / 4), even3, S.MultiplyAdd(S.Create(4f), even2, even1)), to + (2 * toStep));
        odd1 = S.Add(odd1, S.Load(from + (7 * step)));
        S.Store(S.MultiplyAdd(S.Create(1f / 8), odd3, S.MultiplyAdd(S.Create(8f), odd2, odd1)), to + (3 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (y0, y1, y2, y3) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)), S.Load(from + (3 * step)));
        S.Store(y0, to);

        var (even, odd) = (S.Add(y0, y2), S.Add(y1, y3));
        S.Store(S.Add(even, odd), to + toStep);
        S.Store(S.Subtract(even, odd), to + (2 * toStep));

        even = S.MultiplyAdd(S.Create(4f), y2, y0);
        odd = S.MultiplyAdd(S.Create(8f), y3, S.Add(y1, y1));
        S.Store(S.Add(even, odd), to + (3 * toStep));
        S.Store(S.Subtract(even, odd), to + (4 * toStep));

        even = S.MultiplyAdd(S.Create(1f / 4), y2, y0);
        odd = S.MultiplyAdd(S.Create(1f / 8), y3, S.Multiply(S.Create(1f / 2), y1));
        S.Store(S.Add(even, odd), to + (5 * toStep));
        S.Store(S.Subtract(even, odd), to + (6 * toStep));

        S.Store(y3, to + (7 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FilterGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (u1, u2, u3) = (S.Load(from + step), S.Load(from + (2 * step)), S.Load(from + (3 * step)));
        var (u4, u5, u6) = (S.Load(from + (4 * step)), S.Load(from + (5 * step)), S.Load(from + (6 * step)));
        var scale = S.Create(-2f / 9);
        var (even1, odd1) = (S.Multiply(scale, S.Add(u1, u2)), S.Multiply(scale, S.Subtract(u1, u2)));
        var (even2, odd2) = (S.Add(u3, u4), S.Subtract(u3, u4));
        var (even3, odd3) = (S.Add(u5, u6), S.Subtract(u5, u6));
        var (one, two, four, eight) = (S.Create(1f / 45), S.Create(2f / 45), S.Create(4f / 45), S.Create(8f / 45));
        var first = S.Add(S.Load(from), even1);
        S.Store(S.MultiplyAdd(S.Create(32f / 45), even3, S.MultiplyAdd(S.Create(1f / 90), even2, first)), to);
        S.Store(S.MultiplyAdd(S.Create(16f / 45), odd3, S.MultiplyAdd(one, odd2, odd1)), to + toStep);
        S.Store(S.MultiplyAdd(eight, even3, S.MultiplyAdd(two, even2, even1)), to + (2 * toStep));
        S.Store(S.MultiplyAdd(four, odd3, S.MultiplyAdd(four, odd2, odd1)), to + (3 * toStep));
        var last = S.Add(S.Load(from + (7 * step)), even1);
        S.Store(S.MultiplyAdd(two, even3, S.MultiplyAdd(eight, even2, last)), to + (4 * toStep));
    }
}

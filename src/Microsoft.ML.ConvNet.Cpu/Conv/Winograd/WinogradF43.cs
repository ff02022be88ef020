using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>F(4, 3): the points 0, 1, −1, 2, −2, ∞. 4 times fewer multiplications in two dimensions; errors of about 1e-5 of the largest output.</summary>
internal readonly unsafe struct WinogradF43 : IWinogradTile
{
    public static string Name => "Winograd F(4×4, 3×3)";

    public static int Outputs => 4;

    public static int Taps => 3;

    public static int Points => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (d0, d1, d2) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)));
        var (d3, d4, d5) = (S.Load(from + (3 * step)), S.Load(from + (4 * step)), S.Load(from + (5 * step)));
        var (four, minusFour, minusFive) = (S.Create(4f), S.Create(-4f), S.Create(-5f));
        S.Store(S.MultiplyAdd(four, d0, S.MultiplyAdd(minusFive, d2, d4)), to);

        var even = S.MultiplyAdd(minusFour, d2, d4);
        var odd = S.MultiplyAdd(minusFour, d1, d3);
        S.Store(S.Add(even, odd), to + toStep);
        S.Store(S.Subtract(even, odd), to + (2 * toStep));

        even = S.Subtract(d4, d2);
        odd = S.Subtract(d3, d1);
        S.Store(S.MultiplyAdd(S.Create(2f), odd, even), to + (3 * toStep));
        S.Store(S.MultiplyAdd(S.Create(-2f), odd, even), to + (4 * toStep));

        S.Store(S.MultiplyAdd(four, d1, S.MultiplyAdd(minusFive, d3, d5)), to + (5 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (p0, p1, p2) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)));
        var (p3, p4, p5) = (S.Load(from + (3 * step)), S.Load(from + (4 * step)), S.Load(from + (5 * step)));
        var (even1, odd1) = (S.Add(p1, p2), S.Subtract(p1, p2));
        var (even2, odd2) = (S.Add(p3, p4), S.Subtract(p3, p4));
        var (two, four, minusFour, minusFive) = (S.Create(2f), S.Create(4f), S.Create(-4f), S.Create(-5f));
        S.Store(S.Multiply(four, p0), to);
        S.Store(S.MultiplyAdd(minusFour, S.Subtract(odd1, p5), S.Multiply(S.Create(-2f), odd2)), to + toStep);
        S.Store(S.Subtract(S.MultiplyAdd(minusFive, p0, S.Multiply(minusFour, even1)), even2), to + (2 * toStep));
        S.Store(S.MultiplyAdd(minusFive, p5, S.MultiplyAdd(two, odd2, odd1)), to + (3 * toStep));
        S.Store(S.Add(p0, S.Add(even1, even2)), to + (4 * toStep));
        S.Store(p5, to + (5 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Filter<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (g0, g1, g2) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)));
        S.Store(S.Multiply(S.Create(1f / 4), g0), to);

        var sixth = S.Create(-1f / 6);
        var even = S.Multiply(sixth, S.Add(g0, g2));
        S.Store(S.MultiplyAdd(sixth, g1, even), to + toStep);
        S.Store(S.MultiplyAdd(S.Create(1f / 6), g1, even), to + (2 * toStep));

        even = S.MultiplyAdd(S.Create(1f / 24), g0, S.Multiply(S.Create(1f / 6), g2));
        S.Store(S.MultiplyAdd(S.Create(1f / 12), g1, even), to + (3 * toStep));
        S.Store(S.MultiplyAdd(S.Create(-1f / 12), g1, even), to + (4 * toStep));

        S.Store(g2, to + (5 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (p0, p1, p2) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)));
        var (p3, p4, p5) = (S.Load(from + (3 * step)), S.Load(from + (4 * step)), S.Load(from + (5 * step)));
        var (even1, odd1) = (S.Add(p1, p2), S.Subtract(p1, p2));
        var (even2, odd2) = (S.Add(p3, p4), S.Subtract(p3, p4));
        S.Store(S.Add(p0, S.Add(even1, even2)), to);
        S.Store(S.MultiplyAdd(S.Create(2f), odd2, odd1), to + toStep);
        S.Store(S.MultiplyAdd(S.Create(4f), even2, even1), to + (2 * toStep));
        S.Store(S.Add(p5, S.MultiplyAdd(S.Create(8f), odd2, odd1)), to + (3 * toStep));
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

        S.Store(y3, to + (5 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FilterGradient<S, V>(float* from, nint step, float* to, nint toStep)
        where S : struct, ISimd<V>
        where V : struct
    {
        var (u0, u1, u2) = (S.Load(from), S.Load(from + step), S.Load(from + (2 * step)));
        var (u3, u4, u5) = (S.Load(from + (3 * step)), S.Load(from + (4 * step)), S.Load(from + (5 * step)));
        var sixth = S.Create(1f / 6);
        var (even1, odd1) = (S.Add(u1, u2), S.Subtract(u2, u1));
        var (even2, odd2) = (S.Add(u3, u4), S.Subtract(u3, u4));
        var outer = S.MultiplyAdd(S.Create(1f / 4), u0, S.Multiply(S.Create(1f / 24), even2));
        S.Store(S.MultiplyAdd(S.Create(-1f / 6), even1, outer), to);
        S.Store(S.MultiplyAdd(sixth, odd1, S.Multiply(S.Create(1f / 12), odd2)), to + toStep);
        S.Store(S.MultiplyAdd(sixth, S.Subtract(even2, even1), u5), to + (2 * toStep));
    }
}

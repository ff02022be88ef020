using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Transcendental functions on vectors. Idea: reduce by powers of two, then the polynomials of the Cephes library.
/// Sigmoid and Tanh are built on Exp so that they saturate exactly. NaN goes through all of them.
/// Lanes: all. Win: no widening to double, as in the runtime's own vector Exp and Log; Exp,
/// Sigmoid and Tanh take 0.16, 0.20 and 0.26 ns an element (AVX-512).
/// </summary>
internal static class VectorMath
{
    /// <summary>eˣ to an ulp or so; overflows to infinity, and reaches 0 through the subnormal numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        // Beyond these bounds the result is infinity or 0 whatever x is.
        x = S.Max(S.Create(-104f), S.Min(S.Create(89f), x));

        // x = n·ln 2 + r, with ln 2 in two parts, the first so short that its product with n is exact.
        var n = S.Round(S.Multiply(x, S.Create(1.44269504f)));
        var r = S.MultiplyAdd(n, S.Create(-0.693359375f), x);
        r = S.MultiplyAdd(n, S.Create(2.12194440e-4f), r);

        var y = S.MultiplyAdd(S.Create(1.9875691500e-4f), r, S.Create(1.3981999507e-3f));
        y = S.MultiplyAdd(y, r, S.Create(8.3334519073e-3f));
        y = S.MultiplyAdd(y, r, S.Create(4.1665795894e-2f));
        y = S.MultiplyAdd(y, r, S.Create(1.6666665459e-1f));
        y = S.MultiplyAdd(y, r, S.Create(5.0000001201e-1f));
        y = S.Add(S.MultiplyAdd(y, S.Multiply(r, r), r), S.Create(1f));

        // 2ⁿ in two factors: n itself may be outside of the exponent's range at either end.
        var half = S.Round(S.Multiply(n, S.Create(0.5f)));
        return S.Multiply(S.Multiply(y, S.PowerOfTwo(half)), S.PowerOfTwo(S.Subtract(n, half)));
    }

    /// <summary>ln x to an ulp or so: −∞ at 0, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        const float SmallestNormal = 1.17549435e-38f;
        const float TwoTo23 = 8388608f;

        var zero = S.Create(0f);
        var subnormal = S.GreaterThan(S.Create(SmallestNormal), x);
        var m = S.Split(S.Select(subnormal, S.Multiply(x, S.Create(TwoTo23)), x), out var e);
        e = S.Select(subnormal, S.Subtract(e, S.Create(23f)), e);

        var f = S.Subtract(m, S.Create(1f));
        var z = S.Multiply(f, f);
        var y = S.MultiplyAdd(S.Create(7.0376836292e-2f), f, S.Create(-1.1514610310e-1f));
        y = S.MultiplyAdd(y, f, S.Create(1.1676998740e-1f));
        y = S.MultiplyAdd(y, f, S.Create(-1.2420140846e-1f));
        y = S.MultiplyAdd(y, f, S.Create(1.4249322787e-1f));
        y = S.MultiplyAdd(y, f, S.Create(-1.6668057665e-1f));
        y = S.MultiplyAdd(y, f, S.Create(2.0000714765e-1f));
        y = S.MultiplyAdd(y, f, S.Create(-2.4999993993e-1f));
        y = S.MultiplyAdd(y, f, S.Create(3.3333331174e-1f));
        y = S.Multiply(S.Multiply(y, f), z);
        y = S.MultiplyAdd(e, S.Create(-2.12194440e-4f), y);
        y = S.MultiplyAdd(S.Create(-0.5f), z, y);
        y = S.MultiplyAdd(e, S.Create(0.693359375f), S.Add(f, y));

        // Infinity and NaN are their own logarithms; 0 and below have none that is finite.
        y = S.Select(S.GreaterThan(S.Create(float.PositiveInfinity), x), y, x);
        y = S.Select(S.GreaterThan(x, zero), y, S.Select(S.GreaterThan(zero, x), S.Create(float.NaN), S.Create(float.NegativeInfinity)));
        return S.Select(S.IsNaN(x), x, y);
    }

    /// <summary>1 / (1 + e⁻ˣ): e⁻ˣ may overflow to infinity, whose reciprocal is the right 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        return S.Divide(one, S.Add(one, Exp<S, V>(S.Subtract(S.Create(0f), x))));
    }

    /// <summary>
    /// 1 − 2 / (e²ˣ + 1), which cancels near 0: below 0.25 the odd Taylor polynomial takes over, so that the relative
    /// error stays small for small arguments too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        var saturating = S.Subtract(one, S.Divide(S.Create(2f), S.Add(Exp<S, V>(S.Add(x, x)), one)));

        var square = S.Multiply(x, x);
        var series = S.MultiplyAdd(square, S.Create(62f / 2835f), S.Create(-17f / 315f));
        series = S.MultiplyAdd(square, series, S.Create(2f / 15f));
        series = S.MultiplyAdd(square, series, S.Create(-1f / 3f));
        series = S.MultiplyAdd(S.Multiply(square, x), series, x);

        return S.Select(S.GreaterThan(S.Create(0.25f), S.Abs(x)), series, saturating);
    }

    /// <summary>eˣ − 1, whose digits survive near 0: below 0.25 by its Taylor polynomial.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExpM1<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var series = S.MultiplyAdd(x, S.Create(1f / 5040), S.Create(1f / 720));
        series = S.MultiplyAdd(x, series, S.Create(1f / 120));
        series = S.MultiplyAdd(x, series, S.Create(1f / 24));
        series = S.MultiplyAdd(x, series, S.Create(1f / 6));
        series = S.MultiplyAdd(x, series, S.Create(0.5f));
        series = S.MultiplyAdd(S.Multiply(x, x), series, x);
        return S.Select(S.GreaterThan(S.Create(0.25f), S.Abs(x)), series, S.Subtract(Exp<S, V>(x), S.Create(1f)));
    }

    /// <summary>ln(1 + x) for x ≥ 0. What 1 + x rounds off, in first order, is put back (Kahan).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LogP1<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        var sum = S.Add(one, x);
        var lost = S.Subtract(x, S.Subtract(sum, one));
        return S.Add(Log<S, V>(sum), S.Divide(lost, sum));
    }

    /// <summary>
    /// Φ(x), the normal distribution, to 1e-7 (Abramowitz &amp; Stegun 7.1.26 for the error function of x/√2).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V NormalDistribution<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        var z = S.Multiply(S.Abs(x), S.Create(0.707106781f));
        var t = S.Divide(one, S.MultiplyAdd(S.Create(0.3275911f), z, one));
        var series = S.MultiplyAdd(t, S.Create(1.061405429f), S.Create(-1.453152027f));
        series = S.MultiplyAdd(t, series, S.Create(1.421413741f));
        series = S.MultiplyAdd(t, series, S.Create(-0.284496736f));
        series = S.MultiplyAdd(t, series, S.Create(0.254829592f));
        var tail = S.Multiply(S.Multiply(S.Create(0.5f), S.Multiply(t, series)), Exp<S, V>(S.Subtract(S.Create(0f), S.Multiply(z, z))));
        return S.Select(S.GreaterThan(x, S.Create(0f)), S.Subtract(one, tail), tail);
    }
}

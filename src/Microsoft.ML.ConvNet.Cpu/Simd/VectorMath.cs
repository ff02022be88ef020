using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Transcendental functions on vectors. Exp and Log are the runtime's own vector functions, which are within an ulp or
/// two; Sigmoid and Tanh are built on Exp so that they saturate exactly, and NaN goes through.
/// </summary>
internal static class VectorMath
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Log(x);

    /// <summary>1 / (1 + e⁻ˣ): e⁻ˣ may overflow to infinity, whose reciprocal is the right 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        return S.Divide(one, S.Add(one, S.Exp(S.Subtract(S.Create(0f), x))));
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
        var saturating = S.Subtract(one, S.Divide(S.Create(2f), S.Add(S.Exp(S.Add(x, x)), one)));

        var square = S.Multiply(x, x);
        var series = S.MultiplyAdd(square, S.Create(62f / 2835f), S.Create(-17f / 315f));
        series = S.MultiplyAdd(square, series, S.Create(2f / 15f));
        series = S.MultiplyAdd(square, series, S.Create(-1f / 3f));
        series = S.MultiplyAdd(S.Multiply(square, x), series, x);

        return S.Select(S.GreaterThan(S.Create(0.25f), S.Abs(x)), series, saturating);
    }
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>scale·x where positive, scale·α·(eˣ − 1) elsewhere: ELU with scale 1, and SELU.</summary>
internal readonly struct Elu(float scale, float alpha) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var below = S.Multiply(S.Create(scale * alpha), VectorMath.ExpM1<S, V>(x));
        return S.Select(S.GreaterThan(x, S.Create(0f)), S.Multiply(S.Create(scale), x), below);
    }
}

/// <summary>dY·scale where y is positive, dY·(y + scale·α) elsewhere.</summary>
internal readonly struct EluGradient(float scale, float alpha) : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var slope = S.Select(S.GreaterThan(y, S.Create(0f)), S.Create(scale), S.Add(y, S.Create(scale * alpha)));
        return S.Multiply(dY, slope);
    }
}

/// <summary>x·Φ(x).</summary>
internal readonly struct Gelu : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(x, VectorMath.NormalDistribution<S, V>(x));
}

/// <summary>dY·(Φ(x) + x·φ(x)).</summary>
internal readonly struct GeluGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var density = S.Multiply(S.Create(0.398942280f), VectorMath.Exp<S, V>(S.Multiply(S.Create(-0.5f), S.Multiply(x, x))));
        return S.Multiply(dY, S.MultiplyAdd(x, density, VectorMath.NormalDistribution<S, V>(x)));
    }
}

/// <summary>x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).</summary>
internal readonly struct GeluTanh : IUnaryFunction
{
    internal const float Root = 0.797884561f;
    internal const float Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        // (1 + tanh z)/2 is sigmoid(2z), which keeps its digits where tanh is near −1.
        return S.Multiply(x, VectorMath.Sigmoid<S, V>(Twice<S, V>(x)));
    }

    /// <summary>2·√(2/π)·(x + 0.044715·x³).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Twice<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
        => S.Multiply(S.Multiply(S.Create(2 * Root), x), S.MultiplyAdd(S.Create(Cubic), S.Multiply(x, x), S.Create(1f)));
}

/// <summary>dY times the derivative of <see cref="GeluTanh"/>: s + x·s·(1 − s)·z′ with s = sigmoid(z), z = 2·√(2/π)·(x + 0.044715·x³).</summary>
internal readonly struct GeluTanhGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        var sigmoid = VectorMath.Sigmoid<S, V>(GeluTanh.Twice<S, V>(x));
        var slope = S.Multiply(S.Create(2 * GeluTanh.Root), S.MultiplyAdd(S.Create(3 * GeluTanh.Cubic), S.Multiply(x, x), one));
        var bend = S.Multiply(S.Multiply(x, slope), S.Multiply(sigmoid, S.Subtract(one, sigmoid)));
        return S.Multiply(dY, S.Add(sigmoid, bend));
    }
}

/// <summary>x·sigmoid(x).</summary>
internal readonly struct Silu : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(x, VectorMath.Sigmoid<S, V>(x));
}

/// <summary>dY·s·(1 + x·(1 − s)) with s = sigmoid(x).</summary>
internal readonly struct SiluGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var one = S.Create(1f);
        var sigmoid = VectorMath.Sigmoid<S, V>(x);
        return S.Multiply(S.Multiply(dY, sigmoid), S.MultiplyAdd(x, S.Subtract(one, sigmoid), one));
    }
}

/// <summary>ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), which does not overflow.</summary>
internal readonly struct Softplus : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var decayed = VectorMath.Exp<S, V>(S.Subtract(S.Create(0f), S.Abs(x)));
        return S.Add(S.Max(S.Create(0f), x), VectorMath.LogP1<S, V>(decayed));
    }
}

/// <summary>dY·sigmoid(x).</summary>
internal readonly struct SoftplusGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(dY, VectorMath.Sigmoid<S, V>(x));
}

/// <summary>x/6 + 1/2, at least 0 and at most 1.</summary>
internal readonly struct HardSigmoid : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
        => S.Min(S.Create(1f), S.Max(S.Create(0f), S.MultiplyAdd(x, S.Create(1f / 6), S.Create(0.5f))));
}

/// <summary>dY/6 where y lies between 0 and 1, 0 elsewhere.</summary>
internal readonly struct HardSigmoidGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var zero = S.Create(0f);
        var inside = S.Select(S.GreaterThan(y, zero), S.Multiply(dY, S.Create(1f / 6)), zero);
        return S.Select(S.GreaterThan(S.Create(1f), y), inside, zero);
    }
}

/// <summary>dY/x: the gradient of the logarithm.</summary>
internal readonly struct LogGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Divide(dY, x);
}

/// <summary>dY/(2y): the gradient of the root.</summary>
internal readonly struct SqrtGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Divide(S.Multiply(S.Create(0.5f), dY), y);
}

/// <summary>dY with the sign of x, 0 at 0.</summary>
internal readonly struct AbsGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var zero = S.Create(0f);
        var negative = S.Select(S.GreaterThan(zero, x), S.Subtract(zero, dY), zero);
        return S.Select(S.GreaterThan(x, zero), dY, negative);
    }
}

/// <summary>x^e = e^(e·ln x) for x ≥ 0.</summary>
internal readonly struct Power(float exponent) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => VectorMath.Exp<S, V>(S.Multiply(S.Create(exponent), VectorMath.Log<S, V>(x)));
}

/// <summary>dY·e·x^(e − 1) for x ≥ 0 and e other than 1, where 0⁰ would come up.</summary>
internal readonly struct PowerGradient(float exponent) : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(S.Multiply(S.Create(exponent), dY), new Power(exponent - 1).Apply<S, V>(x));
}

/// <summary>dY: the gradient of x itself.</summary>
internal readonly struct SecondOperand : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x, V dY)
        where S : struct, ISimd<V>
        where V : struct => dY;
}

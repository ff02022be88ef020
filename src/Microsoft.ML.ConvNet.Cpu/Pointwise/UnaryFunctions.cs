using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>x itself.</summary>
internal readonly struct Identity : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => x;
}

/// <summary>max(x, 0); NaN stays NaN.</summary>
internal readonly struct Relu : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Max(S.Create(0f), x);
}

/// <summary>x where positive, alpha·x elsewhere.</summary>
internal readonly struct LeakyRelu(float alpha) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Select(S.GreaterThan(x, S.Create(0f)), x, S.Multiply(S.Create(alpha), x));
}

/// <summary>1 / (1 + e⁻ˣ).</summary>
internal readonly struct Sigmoid : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => VectorMath.Sigmoid<S, V>(x);
}

/// <summary>The hyperbolic tangent.</summary>
internal readonly struct Tanh : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => VectorMath.Tanh<S, V>(x);
}

/// <summary>eˣ.</summary>
internal readonly struct Exp : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => VectorMath.Exp<S, V>(x);
}

/// <summary>The natural logarithm.</summary>
internal readonly struct Log : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => VectorMath.Log<S, V>(x);
}

/// <summary>The square root.</summary>
internal readonly struct Sqrt : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Sqrt(x);
}

/// <summary>The absolute value.</summary>
internal readonly struct Abs : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Abs(x);
}

/// <summary>−x.</summary>
internal readonly struct Negate : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Subtract(S.Create(0f), x);
}

/// <summary>factor·x.</summary>
internal readonly struct Scale(float factor) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(S.Create(factor), x);
}

/// <summary>x + offset.</summary>
internal readonly struct Shift(float offset) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Add(x, S.Create(offset));
}

/// <summary>factor·x + offset.</summary>
internal readonly struct Affine(float factor, float offset) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.MultiplyAdd(S.Create(factor), x, S.Create(offset));
}

/// <summary>x, at least a minimum and at most a maximum.</summary>
internal readonly struct Clip(float minimum, float maximum) : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct => S.Min(S.Create(maximum), S.Max(S.Create(minimum), x));
}

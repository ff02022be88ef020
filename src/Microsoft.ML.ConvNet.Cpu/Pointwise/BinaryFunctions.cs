using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>a + b.</summary>
internal readonly struct Add : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.Add(a, b);
}

/// <summary>a − b.</summary>
internal readonly struct Subtract : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.Subtract(a, b);
}

/// <summary>a·b.</summary>
internal readonly struct Multiply : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(a, b);
}

/// <summary>a / b.</summary>
internal readonly struct Divide : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.Divide(a, b);
}

/// <summary>a + factor·b.</summary>
internal readonly struct Axpy(float factor) : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.MultiplyAdd(S.Create(factor), b, a);
}

/// <summary>The larger of a and b.</summary>
internal readonly struct Maximum : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.Select(S.IsNaN(a), a, S.Max(a, b));
}

/// <summary>The smaller of a and b.</summary>
internal readonly struct Minimum : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct => S.Select(S.IsNaN(a), a, S.Min(a, b));
}

/// <summary>1 where a ≥ b, else 0.</summary>
internal readonly struct NotLess : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct
        => S.Select(S.Or(S.GreaterThan(b, a), S.Or(S.IsNaN(a), S.IsNaN(b))), S.Create(0f), S.Create(1f));
}

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

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>dY where y is positive, 0 elsewhere.</summary>
internal readonly struct ReluGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Select(S.GreaterThan(y, S.Create(0f)), dY, S.Create(0f));
}

/// <summary>dY where y is positive, alpha·dY elsewhere; alpha must be positive for y to have x's sign.</summary>
internal readonly struct LeakyReluGradient(float alpha) : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Select(S.GreaterThan(y, S.Create(0f)), dY, S.Multiply(S.Create(alpha), dY));
}

/// <summary>dY·y·(1 − y).</summary>
internal readonly struct SigmoidGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(dY, S.Multiply(y, S.Subtract(S.Create(1f), y)));
}

/// <summary>dY·(1 − y²).</summary>
internal readonly struct TanhGradient : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct => S.Multiply(dY, S.Subtract(S.Create(1f), S.Multiply(y, y)));
}

/// <summary>dY where y lies between a minimum and a maximum, 0 elsewhere.</summary>
internal readonly struct ClipGradient(float minimum, float maximum) : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Apply<S, V>(V y, V dY)
        where S : struct, ISimd<V>
        where V : struct
    {
        var zero = S.Create(0f);
        var above = S.Select(S.GreaterThan(y, S.Create(minimum)), dY, zero);
        return S.Select(S.GreaterThan(S.Create(maximum), y), above, zero);
    }
}

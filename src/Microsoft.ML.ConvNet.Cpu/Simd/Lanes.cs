using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// How a loop body touches memory: whole vectors in the middle of an array, the first few lanes at its end. A body
/// written against this interface is its own remainder loop, and an element's result never depends on its position.
/// </summary>
internal unsafe interface ILanes<V>
    where V : struct
{
    V Load(float* source);

    void Store(V value, float* target);

    /// <summary>The value, with <paramref name="outside"/> in the lanes that are not there.</summary>
    V Fill(V value, float outside);
}

/// <summary>All lanes.</summary>
internal readonly unsafe struct FullLanes<S, V> : ILanes<V>
    where S : struct, ISimd<V>
    where V : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(float* source) => S.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(V value, float* target) => S.Store(value, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Fill(V value, float outside) => value;
}

/// <summary>The first <paramref name="count"/> lanes; the others load as zero and are not stored.</summary>
internal readonly unsafe struct PartialLanes<S, V>(int count) : ILanes<V>
    where S : struct, ISimd<V>
    where V : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(float* source) => S.LoadFirst(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(V value, float* target) => S.StoreFirst(value, target, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Fill(V value, float outside) => S.Select(S.FirstLanes(count), value, S.Create(outside));
}

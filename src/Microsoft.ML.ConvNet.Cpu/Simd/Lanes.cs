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
}

/// <summary>The first <paramref name="count"/> lanes; the others load as zero and are not stored.</summary>
internal readonly unsafe struct PartialLanes<S, V>(int count) : ILanes<V>
    where S : struct, ISimd<V>
    where V : struct
{
    public V Load(float* source)
    {
        var lanes = S.Create(0f);
        var target = (float*)Unsafe.AsPointer(ref lanes);
        for (var i = 0; i < count; i++)
            target[i] = source[i];
        return lanes;
    }

    public void Store(V value, float* target)
    {
        var source = (float*)Unsafe.AsPointer(ref value);
        for (var i = 0; i < count; i++)
            target[i] = source[i];
    }
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Elements of a row that are one, two or more apart as vectors: a load, two loads and a shuffle, or element by element.</summary>
internal static unsafe class StridedLoad
{
    /// <summary>Loads elements 0, stride, 2·stride … of a row, which goes on for as many more.</summary>
    public interface ILoad
    {
        static abstract V Load<S, V>(float* source, int stride)
            where S : struct, ISimd<V>
            where V : struct;
    }

    public readonly struct One : ILoad
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Load<S, V>(float* source, int stride)
            where S : struct, ISimd<V>
            where V : struct => S.Load(source);
    }

    public readonly struct Two : ILoad
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Load<S, V>(float* source, int stride)
            where S : struct, ISimd<V>
            where V : struct => S.Even(S.Load(source), S.Load(source + S.Count));
    }

    public readonly struct Any : ILoad
    {
        public static V Load<S, V>(float* source, int stride)
            where S : struct, ISimd<V>
            where V : struct => Gather<S, V>(source, stride, S.Count);
    }

    /// <summary>
    /// Elements 0, stride, 2·stride … of a row. Where <paramref name="room"/> exceeds the lanes, the row goes on with as many such elements,
    /// and a whole vector is loaded; otherwise <paramref name="room"/> elements are, and no other memory is touched.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V First<S, V>(float* source, int stride, int room)
        where S : struct, ISimd<V>
        where V : struct
    {
        if (stride == 1)
            return room >= S.Count ? S.Load(source) : S.LoadFirst(source, room);
        if (stride == 2)
            return room > S.Count ? Two.Load<S, V>(source, stride) : Pairs<S, V>(source, (2 * room) - 1);
        return Gather<S, V>(source, stride, Math.Min(room, S.Count));
    }

    private static V Pairs<S, V>(float* source, int floats)
        where S : struct, ISimd<V>
        where V : struct
    {
        var low = floats >= S.Count ? S.Load(source) : S.LoadFirst(source, floats);
        return S.Even(low, S.LoadFirst(source + S.Count, Math.Max(0, floats - S.Count)));
    }

    private static V Gather<S, V>(float* source, int stride, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var lanes = stackalloc float[16];
        for (var i = 0; i < count; i++)
            lanes[i] = source[(nint)i * stride];
        return S.LoadFirst(lanes, count);
    }
}

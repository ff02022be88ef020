using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Transposes a square of as many vectors as a vector has lanes. Idea: interleaving row i with row i + L/2 turns the bits of (row, column)
/// by one; after log₂ L rounds row and column have changed places. Layout: two squares in L1, from one to the other. Lanes: columns, then
/// rows.
/// </summary>
internal static unsafe class LaneTranspose
{
    /// <summary>Two squares of this thread's scratch memory, one after the other.</summary>
    public static float* Squares() => Scratch.Get(ScratchUse.LaneSquares, 2 * VectorWidth.Floats * VectorWidth.Floats);

    /// <summary>Transposes the first of <see cref="Squares"/>; both are overwritten, and one of them is the result.</summary>
    [MethodImpl(Hot.Loop)]
    public static float* Run<S, V>(float* from)
        where S : struct, ISimd<V>
        where V : struct
    {
        var to = from + (S.Count * S.Count);
        for (var round = 1; round < S.Count; round *= 2)
        {
            for (var row = 0; row < S.Count / 2; row++)
            {
                var (even, odd) = (S.Load(from + (row * S.Count)), S.Load(from + ((row + (S.Count / 2)) * S.Count)));
                S.Store(S.InterleaveFirst(even, odd), to + (2 * row * S.Count));
                S.Store(S.InterleaveSecond(even, odd), to + (((2 * row) + 1) * S.Count));
            }

            var result = to;
            to = from;
            from = result;
        }

        return from;
    }
}

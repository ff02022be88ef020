using System.Runtime.CompilerServices;
using ILGPU;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>4×4 sums of a thread. Structures lie in registers; an array would lie in memory.</summary>
public struct Block
{
    /// <summary>The rows.</summary>
    public Float4 First, Second, Third, Fourth;

    /// <summary>This and the products of four elements of A and four of B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Block Plus(Float4 a, Float4 b) => new()
    {
        First = First.Plus(a.X, b),
        Second = Second.Plus(a.Y, b),
        Third = Third.Plus(a.Z, b),
        Fourth = Fourth.Plus(a.W, b),
    };
}

/// <summary>8×8 sums of a thread: rows and columns are two quads each, half a tile apart.</summary>
public struct Blocks
{
    /// <summary>The blocks of the first and of the second quad of rows.</summary>
    public Block TopLeft, TopRight, BottomLeft, BottomRight;

    /// <summary>This and the products of one layer.</summary>
    /// <param name="a">The layers of A, from the first quad of the thread on.</param>
    /// <param name="b">The layers of B, likewise.</param>
    /// <param name="layerA">Where the layer begins in A.</param>
    /// <param name="layerB">Where it begins in B.</param>
    /// <param name="halfA">How far the second quad of A is from the first.</param>
    /// <param name="halfB">How far that of B is.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Blocks Plus(ArrayView<Float4> a, ArrayView<Float4> b, int layerA, int layerB, int halfA, int halfB)
    {
        Float4 top = a[layerA], bottom = a[layerA + halfA], left = b[layerB], right = b[layerB + halfB];
        return new Blocks
        {
            TopLeft = TopLeft.Plus(top, left),
            TopRight = TopRight.Plus(top, right),
            BottomLeft = BottomLeft.Plus(bottom, left),
            BottomRight = BottomRight.Plus(bottom, right),
        };
    }
}

using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Four floats that are loaded at once.</summary>
public struct Float4
{
    /// <summary>The floats, in the order of memory.</summary>
    public float X, Y, Z, W;

    /// <summary>This and a multiple of another, number by number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Float4 Plus(float factor, Float4 other) => new()
    {
        X = X + (factor * other.X),
        Y = Y + (factor * other.Y),
        Z = Z + (factor * other.Z),
        W = W + (factor * other.W),
    };
}

/// <summary>Loads and stores of four floats at once.</summary>
internal static class Quads
{
    /// <summary>Four floats that begin at a multiple of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref Float4 Quad(this ArrayView<float> view, int index) => ref view.Cast<Float4>().AsAligned16()[index];
}

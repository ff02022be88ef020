using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>The widest vectors that this machine accelerates, which is what the layouts with lanes are made of.</summary>
internal static class VectorWidth
{
    /// <summary>Floats in a vector.</summary>
    public static readonly int Floats =
        Vector512.IsHardwareAccelerated ? Vector512<float>.Count
        : Vector256.IsHardwareAccelerated ? Vector256<float>.Count
        : Vector128<float>.Count;
}

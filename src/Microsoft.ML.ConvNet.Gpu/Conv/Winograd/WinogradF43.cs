using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// The transforms of F(4, 3) along one axis: four outputs of three taps from products at the points 0, 1, −1, 2, −2, ∞ (Lavin and Gray 2016, Fast algorithms for convolutional
/// neural networks). In two dimensions there are 36 products for 16 outputs, instead of 144; errors are about 1e-5 of the largest output.
/// </summary>
internal static class WinogradF43
{
    /// <summary>What it is called.</summary>
    public const string Name = "Winograd F(4×4, 3×3)";

    /// <summary>The outputs of a tile along an axis, and its inputs, which are its points too.</summary>
    public const int Outputs = 4, Points = 6;

    /// <summary>The points of six inputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Six Input(float d0, float d1, float d2, float d3, float d4, float d5)
    {
        var (even1, odd1) = (d4 - (4f * d2), d3 - (4f * d1));
        var (even2, odd2) = (d4 - d2, 2f * (d3 - d1));
        return new Six
        {
            P0 = (4f * d0) - (5f * d2) + d4,
            P1 = even1 + odd1,
            P2 = even1 - odd1,
            P3 = even2 + odd2,
            P4 = even2 - odd2,
            P5 = (4f * d1) - (5f * d3) + d5,
        };
    }

    /// <summary>The points of three taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Six Filter(float g0, float g1, float g2)
    {
        var (even1, odd1) = ((g0 + g2) * (-1f / 6), g1 * (-1f / 6));
        var (even2, odd2) = ((g0 * (1f / 24)) + (g2 * (1f / 6)), g1 * (1f / 12));
        return new Six
        {
            P0 = g0 * (1f / 4),
            P1 = even1 + odd1,
            P2 = even1 - odd1,
            P3 = even2 + odd2,
            P4 = even2 - odd2,
            P5 = g2,
        };
    }

    /// <summary>The four outputs of the products at the points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Output(float p0, float p1, float p2, float p3, float p4, float p5)
    {
        var (even1, odd1) = (p1 + p2, p1 - p2);
        var (even2, odd2) = (p3 + p4, p3 - p4);
        return new Float4
        {
            X = p0 + even1 + even2,
            Y = odd1 + (2f * odd2),
            Z = even1 + (4f * even2),
            W = odd1 + (8f * odd2) + p5,
        };
    }

    /// <summary>The points of the gradients of four outputs: the transpose of <see cref="Output"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Six OutputGradient(float y0, float y1, float y2, float y3)
    {
        var (even1, odd1) = (y0 + y2, y1 + y3);
        var (even2, odd2) = (y0 + (4f * y2), (2f * y1) + (8f * y3));
        return new Six
        {
            P0 = y0,
            P1 = even1 + odd1,
            P2 = even1 - odd1,
            P3 = even2 + odd2,
            P4 = even2 - odd2,
            P5 = y3,
        };
    }

    /// <summary>The gradients of three taps: the transpose of <see cref="Filter"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Three FilterGradient(float p0, float p1, float p2, float p3, float p4, float p5)
    {
        var (even1, odd1) = (p1 + p2, p2 - p1);
        var (even2, odd2) = (p3 + p4, p3 - p4);
        return new Three
        {
            T0 = (p0 * (1f / 4)) - (even1 * (1f / 6)) + (even2 * (1f / 24)),
            T1 = (odd1 * (1f / 6)) + (odd2 * (1f / 12)),
            T2 = ((even2 - even1) * (1f / 6)) + p5,
        };
    }
}

/// <summary>The taps of a filter along one axis.</summary>
public struct Three
{
    /// <summary>The taps.</summary>
    public float T0, T1, T2;
}

/// <summary>The numbers of a tile along one axis.</summary>
public struct Six
{
    /// <summary>The numbers.</summary>
    public float P0, P1, P2, P3, P4, P5;
}

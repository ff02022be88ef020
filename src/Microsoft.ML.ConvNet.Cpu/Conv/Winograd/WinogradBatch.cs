namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How work with samples in the lanes is cut.</summary>
internal static class WinogradBatch
{
    /// <summary>Floats of the points of a block of tiles: about half an L2.</summary>
    private const int BlockFloats = 160_000;

    /// <summary>The most floats of a group that is transposed: 16 MB, which every thread keeps.</summary>
    public const int MaxTransposed = 1 << 22;

    /// <summary>The tiles of a block that has points of so many channels.</summary>
    public static int BlockTiles(WinogradGeometry geometry, WinogradSize size, int channels)
    {
        var floats = size.Products * channels * VectorWidth.Floats;
        var most = Math.Clamp(BlockFloats / floats, 1, geometry.TilesPerImage);
        return GemmBlocking.DivideRoundingUp(geometry.TilesPerImage, GemmBlocking.DivideRoundingUp(geometry.TilesPerImage, most));
    }

    /// <summary>The output channels of the weight gradient, with those of idle lanes.</summary>
    public static int Columns(ConvProblem problem) => GemmBlocking.DivideRoundingUp(problem.Y.C, problem.XLayout.Lanes) * problem.XLayout.Lanes;

    /// <summary>The floats of a group of dy that the weight gradient transposes.</summary>
    public static long TransposedLength(ConvProblem problem) => (long)problem.XLayout.Lanes * Columns(problem) * problem.Y.Plane;
}

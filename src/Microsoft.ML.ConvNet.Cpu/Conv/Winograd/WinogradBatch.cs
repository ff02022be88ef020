namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How work with samples in the lanes is cut.</summary>
internal static class WinogradBatch
{
    /// <summary>Floats of the points of a block of tiles: about half an L2.</summary>
    private const int BlockFloats = 160_000;

    /// <summary>The tiles of a block that has points of so many channels.</summary>
    public static int BlockTiles<TTile>(WinogradGeometry geometry, int channels)
        where TTile : struct, IWinogradTile
    {
        var floats = TTile.Points * TTile.Points * channels * VectorWidth.Floats;
        var most = Math.Clamp(BlockFloats / floats, 1, geometry.TilesPerImage);
        return GemmBlocking.DivideRoundingUp(geometry.TilesPerImage, GemmBlocking.DivideRoundingUp(geometry.TilesPerImage, most));
    }
}

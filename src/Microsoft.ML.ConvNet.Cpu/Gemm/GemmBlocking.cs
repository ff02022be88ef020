using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// How a product is cut, from its shape alone. Register tiles are balanced (20 rows are 7 + 7 + 6,
/// not 8 + 8 + 4; 64 columns 32 + 32, not 48 + 16);
/// steps of k so that a row panel of A stays in L1; columns of a work tile so that its panels of B stay in half an L2;
/// tiles of microseconds to tenths of a millisecond so that they outweigh a dispatch and still spread over many threads.
/// </summary>
internal readonly struct GemmBlocking
{
    /// <summary>Most steps of k between two visits to C.</summary>
    public const int MaxDepth = 512;

    /// <summary>Most columns whose panels of B are packed at a time: 4 MiB with the deepest panels.</summary>
    private const int MaxPackedColumns = 2016;

    private const long MinTileWork = 300_000;
    private const long MaxTileWork = 3_000_000;
    private const int WantedTiles = 16;
    private const int MaxTileRows = 256;
    private const int PanelsPerTile = 4;

    public readonly int M;
    public readonly int N;
    public readonly int K;

    /// <summary>Rows of a register tile; the last may have fewer.</summary>
    public readonly int TileHeight;

    /// <summary>Columns of a panel of B: the register tile's vectors.</summary>
    public readonly int PanelWidth;

    /// <summary>Steps of k in a block; the last may have fewer.</summary>
    public readonly int Depth;

    /// <summary>Rows of a work tile, a multiple of <see cref="TileHeight"/>.</summary>
    public readonly int WorkRows;

    /// <summary>Columns of a work tile, a multiple of <see cref="PanelWidth"/>.</summary>
    public readonly int WorkColumns;

    /// <summary>Columns packed at a time, a multiple of <see cref="WorkColumns"/>.</summary>
    public readonly int PackedColumns;

    public GemmBlocking(int m, int n, int k)
    {
        (M, N, K) = (m, n, k);
        var (maxHeight, vectors, lanes) = RegisterTile;
        var vectorsAcross = DivideRoundingUp(n, lanes);
        PanelWidth = DivideRoundingUp(vectorsAcross, DivideRoundingUp(vectorsAcross, vectors)) * lanes;
        TileHeight = DivideRoundingUp(m, DivideRoundingUp(m, maxHeight));
        Depth = DivideRoundingUp(k, DivideRoundingUp(k, MaxDepth));

        var panels = DivideRoundingUp(n, PanelWidth);
        WorkColumns = Math.Min(panels, PanelsPerTile) * PanelWidth;
        var work = Math.Clamp((long)m * n * Depth / WantedTiles, MinTileWork, MaxTileWork);
        var rows = work / ((long)WorkColumns * Depth);
        rows = Math.Clamp(rows / TileHeight * TileHeight, TileHeight, MaxTileRows / TileHeight * TileHeight);
        WorkRows = (int)Math.Min(rows, (long)DivideRoundingUp(m, TileHeight) * TileHeight);
        PackedColumns = Math.Max(1, MaxPackedColumns / WorkColumns) * WorkColumns;
    }

    /// <summary>The tile that fills this machine's registers: rows, vectors, lanes of a vector.</summary>
    public static (int Rows, int Vectors, int Lanes) RegisterTile =>
        Vector512.IsHardwareAccelerated ? (8, 3, 16)
        : Vector256.IsHardwareAccelerated ? (6, 2, 8)
        : AdvSimd.IsSupported ? (8, 2, 4)
        : (6, 2, 4);

    public static int DivideRoundingUp(int value, int by) => (value + by - 1) / by;
}

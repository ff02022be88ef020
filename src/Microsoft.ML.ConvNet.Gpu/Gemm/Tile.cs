using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>The part of a product that a group of threads computes.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns.</param>
internal readonly record struct Tile(int Rows, int Columns)
{
    /// <summary>128×128: see <see cref="LargeTile"/>.</summary>
    public static readonly Tile Large = new(LargeTile.Size, LargeTile.Size);

    /// <summary>64×128: see <see cref="LargeTile"/>.</summary>
    public static readonly Tile Wide = new(LargeTile.Size / 2, LargeTile.Size);

    /// <summary>So many threads of all groups keep a device busy; a constant, so that sums do not depend on the device.</summary>
    private const int BusyThreads = 1 << 16;

    /// <summary>Whether a thread has 8×8 sums, rather than 4×4.</summary>
    public bool IsLarge => Columns == LargeTile.Size && !IsThin;

    /// <summary>Whether a thread has all sums of a column.</summary>
    public bool IsThin => Columns > Rows && Rows <= ThinTile.MostRows;

    /// <summary>The threads of a group.</summary>
    public int Threads => IsThin ? Columns : Rows * Columns / (IsLarge ? 64 : 16);

    /// <summary>So many groups keep a device busy.</summary>
    public int BusyGroups => BusyThreads / Threads;

    /// <summary>
    /// What the compiler is told of a large tile: several groups are to run on a multiprocessor of NVIDIA's at once, so that one computes while another waits. Of 65,536 registers
    /// two groups of 256 threads leave 128 to each, and three of 128 threads 170.
    /// </summary>
    public KernelSpecialization Limits => new(Threads, this == Large ? 2 : 3);

    /// <summary>8×128 or 16×128: see <see cref="ThinTile"/>.</summary>
    public static Tile Thin(int rows) => new(rows, ThinTile.Columns);

    /// <summary>16×16, 32×32 or 64×64: see <see cref="SmallTile"/>.</summary>
    public static Tile Small(int side) => new(side, side);

    /// <summary>How many of them cover a product of all groups.</summary>
    public long Covering(ProductShape shape, int groups)
        => (long)((shape.Rows + Rows - 1) / Rows) * ((shape.Columns + Columns - 1) / Columns) * groups;
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// What one thread loads of a tile of an operand in each step: four elements, either neighbours in memory, or of one depth and a quarter of the tile
/// apart. Either way neighbouring threads read neighbouring memory.
/// </summary>
public struct Share
{
    /// <summary>The first depth, counted from that of the step.</summary>
    public int Layer;

    /// <summary>The first row of A or column of B, counted from that of the tile.</summary>
    public int Line;

    /// <summary>Where the first element goes in shared memory, and how far from there the next goes; in one piece where that is 1.</summary>
    public int Slot, Step;

    /// <summary>The share of a thread.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="layersLog">The binary logarithm of the depths of a step, at least two.</param>
    /// <param name="quarterLog">That of a quarter of the tile's rows or columns. There are as many threads as elements in so many depths of a quarter.</param>
    /// <param name="stride">The distance between two depths in shared memory.</param>
    /// <param name="byDepth">Whether neighbours in memory are neighbours in depth.</param>
    /// <param name="quads">Whether four of them are loaded at once.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Share Of(int thread, int layersLog, int quarterLog, int stride, int byDepth, int quads)
    {
        // Compilers do not turn divisions by powers of two into shifts.
        var (share, quarter) = (default(Share), 1 << quarterLog);
        if (byDepth == 0)
        {
            share.Layer = thread >> quarterLog;
            share.Line = (thread & (quarter - 1)) * (quads != 0 ? 4 : 1);
            share.Step = quads != 0 ? 1 : quarter;
        }
        else if (quads == 0)
        {
            share.Layer = thread & ((1 << layersLog) - 1);
            share.Line = thread >> layersLog;
            share.Step = quarter;
        }
        else
        {
            share.Layer = (thread & ((1 << (layersLog - 2)) - 1)) * 4;
            share.Line = thread >> (layersLog - 2);
            share.Step = stride;
        }

        share.Slot = (share.Layer * stride) + share.Line;
        return share;
    }
}

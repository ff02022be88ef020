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
    /// <param name="layers">The depths of a step, at least four.</param>
    /// <param name="quarter">A quarter of the tile's rows or columns; four times as many threads as there are elements in <paramref name="layers"/> quarters.</param>
    /// <param name="stride">The distance between two depths in shared memory.</param>
    /// <param name="byDepth">Whether neighbours in memory are neighbours in depth.</param>
    /// <param name="quads">Whether four of them are loaded at once.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Share Of(int thread, int layers, int quarter, int stride, int byDepth, int quads)
    {
        var share = default(Share);
        if (byDepth == 0)
        {
            share.Layer = thread / quarter;
            share.Line = quads != 0 ? thread % quarter * 4 : thread % quarter;
            share.Step = quads != 0 ? 1 : quarter;
        }
        else if (quads == 0)
        {
            share.Layer = thread % layers;
            share.Line = thread / layers;
            share.Step = quarter;
        }
        else
        {
            share.Layer = thread % (layers / 4) * 4;
            share.Line = thread / (layers / 4);
            share.Step = stride;
        }

        share.Slot = (share.Layer * stride) + share.Line;
        return share;
    }
}

namespace Microsoft.ML.ConvNet.Compile;

/// <summary>
/// Places buffers in one arena so that buffers that live at the same time do not overlap: the largest first, each in the
/// lowest gap that is free throughout its life (greedy by size; Pisarchyk &amp; Lee 2020, Efficient memory management
/// for deep neural net inference, section 5.2).
/// </summary>
public static class MemoryPlanner
{
    /// <summary>A buffer: its length in floats, and the first and last step that needs it.</summary>
    public readonly record struct Buffer(long Length, int First, int Last)
    {
        /// <summary>Whether some step needs both.</summary>
        public bool Overlaps(Buffer other) => First <= other.Last && other.First <= Last;
    }

    /// <summary>Every buffer starts on a multiple of this many floats: one cache line.</summary>
    public const int Alignment = 16;

    /// <summary>Chooses the offset of each buffer, and the length of the arena.</summary>
    public static (long[] Offsets, long ArenaLength) Place(IReadOnlyList<Buffer> buffers)
    {
        var offsets = new long[buffers.Count];
        var placed = new List<int>();
        var arena = 0L;
        foreach (var index in Enumerable.Range(0, buffers.Count).OrderByDescending(i => buffers[i].Length).ThenBy(i => i))
        {
            var length = Align(buffers[index].Length);
            var start = 0L;
            foreach (var other in placed.Where(p => buffers[p].Overlaps(buffers[index])).OrderBy(p => offsets[p]))
            {
                if (start + length <= offsets[other])
                    break;
                start = Math.Max(start, offsets[other] + Align(buffers[other].Length));
            }

            offsets[index] = start;
            arena = Math.Max(arena, start + length);
            placed.Add(index);
        }

        return (offsets, arena);
    }

    private static long Align(long length) => (length + Alignment - 1) / Alignment * Alignment;
}

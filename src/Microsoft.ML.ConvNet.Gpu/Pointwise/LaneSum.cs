using System.Numerics;
using ILGPU;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Sums and maxima over the y axis of a group, of which each x is a result of its own. Idea: a tree in shared memory, in a fixed order, so that
/// results are the same in every run; groups of one lane meet no barrier. A group has at most <see cref="Threads"/> threads.
/// </summary>
internal static class LaneSum
{
    /// <summary>The most threads of a group that every device has.</summary>
    public const int Threads = 256;

    /// <summary>The fewest terms that are worth a thread.</summary>
    public const int TermsOfAThread = 8;

    /// <summary>As many groups as large devices run at once, because memory is busy only with most of them; a constant, so that sums do not depend on the device.</summary>
    private const int BusyGroups = 1024;

    private const int MostSplits = 256;

    /// <summary>Among how many groups the terms of each result are split.</summary>
    public static int Splits(int results, int terms, Index2D group)
        => Math.Clamp(Math.Min(terms / (group.Y * TermsOfAThread), BusyGroups / ((results + group.X - 1) / group.X)), 1, MostSplits);

    /// <summary>A group of <paramref name="results"/> or fewer results side by side with lanes for so many terms of each.</summary>
    public static Index2D GroupOf(int results, long termsOfALane)
    {
        var width = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, results));
        var lanes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(termsOfALane, 1, Threads / width));
        return new Index2D(width, lanes);
    }

    /// <summary>The sum, for the lane 0 of each x.</summary>
    public static float OfFirst(ArrayView<float> shared, float value)
    {
        var slot = (Group.IdxY * Group.DimX) + Group.IdxX;
        shared[slot] = value;
        for (var half = Group.DimY / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (Group.IdxY < half)
                shared[slot] += shared[slot + (half * Group.DimX)];
        }

        return shared[slot];
    }

    /// <summary>The sum, for all lanes of each x; the shared memory may be used again at once.</summary>
    public static float OfAll(ArrayView<float> shared, float value) => Share(shared, OfFirst(shared, value));

    /// <summary>The largest, for all lanes of each x; the shared memory may be used again at once.</summary>
    public static float Largest(ArrayView<float> shared, float value)
    {
        var slot = (Group.IdxY * Group.DimX) + Group.IdxX;
        shared[slot] = value;
        for (var half = Group.DimY / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (Group.IdxY < half)
            {
                var other = shared[slot + (half * Group.DimX)];
                if (other > shared[slot])
                    shared[slot] = other;
            }
        }

        return Share(shared, shared[slot]);
    }

    private static float Share(ArrayView<float> shared, float ofFirst)
    {
        var result = ofFirst;
        if (Group.DimY > 1)
        {
            Group.Barrier();
            result = shared[Group.IdxX];
            Group.Barrier();
        }

        return result;
    }
}

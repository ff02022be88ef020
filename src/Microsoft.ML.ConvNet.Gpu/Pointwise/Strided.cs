using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Where the elements of one tensor lie, as a function of the flat index in another: up to five axes, each with a step, which is zero where
/// an element is repeated. Neighbouring axes are one wherever they can be. The samples are the first axis, whose extent does not count.
/// </summary>
public struct Strided
{
    /// <summary>The number of axes, at least one. They are the last ones; a kernel is compiled for it, and those before them cost nothing.</summary>
    public int Axes;

    /// <summary>The extents of all axes but the first.</summary>
    public Divisor Extent1, Extent2, Extent3, Extent4;

    /// <summary>The distance in memory between neighbours along each axis.</summary>
    public int Step0, Step1, Step2, Step3, Step4;

    /// <summary>The place of index 0.</summary>
    public int Offset;

    /// <summary>The place of a flat index.</summary>
    /// <param name="index">The index.</param>
    /// <param name="axes"><see cref="Axes"/> or more, as a constant.</param>
    public readonly int Of(int index, int axes)
    {
        var rest3 = axes > 1 ? index / Extent4 : 0;
        var rest2 = axes > 2 ? rest3 / Extent3 : 0;
        var rest1 = axes > 3 ? rest2 / Extent2 : 0;
        var rest0 = axes > 4 ? rest1 / Extent1 : 0;
        return Offset + (rest0 * Step0) + ((rest1 - (rest0 * Extent1)) * Step1) + ((rest2 - (rest1 * Extent2)) * Step2)
            + ((rest3 - (rest2 * Extent3)) * Step3) + ((index - (rest3 * Extent4)) * Step4);
    }

    /// <summary>The axes from the first to the last; null where they are too many.</summary>
    internal static Strided? Of(IEnumerable<(int Extent, int Step)> axes, int offset = 0)
    {
        var merged = new List<(int Extent, int Step)>();
        foreach (var (extent, step) in axes.Where((axis, index) => axis.Extent != 1))
        {
            if (merged.Count > 0 && merged[^1].Step == (long)step * extent)
                merged[^1] = (Saturated(merged[^1].Extent, extent), step);
            else
                merged.Add((extent, step));
        }

        if (merged.Count > 5)
            return null;
        var count = Math.Max(1, merged.Count);
        while (merged.Count < 5)
            merged.Insert(0, (1, 0));
        return new Strided
        {
            Axes = count,
            Extent1 = merged[1].Extent,
            Extent2 = merged[2].Extent,
            Extent3 = merged[3].Extent,
            Extent4 = merged[4].Extent,
            Step0 = merged[0].Step,
            Step1 = merged[1].Step,
            Step2 = merged[2].Step,
            Step3 = merged[3].Step,
            Step4 = merged[4].Step,
            Offset = offset,
        };
    }

    /// <summary>For each element of a large tensor the element of a small one that it meets (<see cref="Broadcasting"/>).</summary>
    internal static Strided? Repeat(TensorType small, TensorType large)
    {
        var axes = new List<(int, int)>();
        var step = 1;
        for (var axis = large.Shape.Rank - 1; axis >= 0; axis--)
        {
            var kept = small.Shape.Length > 1 ? small.Shape[axis] : 1;
            axes.Insert(0, (large.Shape[axis], kept == 1 ? 0 : step));
            step *= kept;
        }

        if (large.Batched)
            axes.Insert(0, (int.MaxValue, small.Batched ? small.Shape.Length : 0));
        return Of(axes);
    }

    /// <summary>The steps of the axes of a sample in its own memory.</summary>
    internal static int[] Steps(Shape shape)
    {
        var steps = new int[shape.Rank];
        for (var (axis, step) = (shape.Rank - 1, 1); axis >= 0; step *= shape[axis--])
            steps[axis] = step;
        return steps;
    }

    private static int Saturated(int a, int b) => (int)Math.Min((long)a * b, int.MaxValue);
}

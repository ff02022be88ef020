namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The rule by which a smaller tensor meets a larger one: of equal rank, an extent of 1 is repeated, and so is a tensor
/// without a batch for each sample. A single number meets anything.
/// </summary>
public static class Broadcasting
{
    /// <summary>Whether <paramref name="small"/> can be repeated to fill <paramref name="large"/>.</summary>
    public static bool Fits(TensorType small, TensorType large)
    {
        if (small.Batched && !large.Batched)
            return false;
        if (small.Shape.Length == 1)
            return true;
        if (small.Shape.Rank != large.Shape.Rank)
            return false;
        for (var axis = 0; axis < small.Shape.Rank; axis++)
        {
            if (small.Shape[axis] != 1 && small.Shape[axis] != large.Shape[axis])
                return false;
        }

        return true;
    }

    /// <summary>For each element of one sample of the large shape, the element of the small one that it meets.</summary>
    public static int[] Map(Shape small, Shape large)
    {
        var map = new int[large.Length];
        if (small.Length == 1)
            return map;
        for (var i = 0; i < map.Length; i++)
        {
            var (rest, stride) = (i, 1);
            for (var axis = large.Rank - 1; axis >= 0; axis--)
            {
                if (small[axis] != 1)
                    map[i] += rest % large[axis] * stride;
                rest /= large[axis];
                stride *= small[axis];
            }
        }

        return map;
    }
}

using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Sums, means and their adjoints. Idea: two maps, from results to where their terms begin and from terms to where they lie. Where terms are
/// neighbours the lanes of a group share a result; where results are, groups are 32 results wide, so that either way neighbouring threads read
/// neighbouring memory. Long sums are split among groups and added by a second launch, in a fixed order.
/// </summary>
public static class ReduceKernels
{
    private static readonly Action<ArrayView<float>, ArrayView<float>, Reduction, SpecializedValue<int>> _reduce = Reduce;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, Strided, float, SpecializedValue<int>> _spread = Spread;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
        => Sum("sum", signature, kernels, ((ReduceOp)signature.Op).Mean);

    internal static Kernel? FindChannelSum(OpSignature signature, KernelCache kernels) => Sum("sum of channels", signature, kernels, mean: false);

    internal static Kernel? FindBroadcast(OpSignature signature, KernelCache kernels)
    {
        var mean = ((BroadcastOp)signature.Op).Mean;
        if (Strided.Repeat(signature.Inputs[0], signature.Output) is not { } places)
            return null;
        var spread = kernels.Each(_spread);
        return kernels.Step("repeat", call => spread(
            call.Count(), call.Input(0), call.Output(), places, mean ? (float)call.Inputs[0].Type.Length(call.Batch) / call.Count() : 1f, SpecializedValue.New(places.Axes)));
    }

    /// <summary>One result for each x of a group, from the terms of one split.</summary>
    public static void Reduce(ArrayView<float> x, ArrayView<float> y, Reduction reduction, SpecializedValue<int> axes)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var result = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var sum = 0f;
        if (result < reduction.Results)
        {
            var start = reduction.Starts.Of(result, axes.Value);
            var end = Least((Grid.IdxY + 1) * reduction.Chunk, reduction.Terms);
            for (var term = (Grid.IdxY * reduction.Chunk) + Group.IdxY; term < end; term += Group.DimY)
                sum += x[start + reduction.Places.Of(term, axes.Value)];
        }

        sum = LaneSum.OfFirst(shared, sum);
        if (Group.IdxY == 0 && result < reduction.Results)
            y[(Grid.IdxY * reduction.Results) + result] = sum * reduction.Scale;
    }

    /// <summary>y = scale·x, repeated.</summary>
    public static void Spread(Index1D i, ArrayView<float> x, ArrayView<float> y, Strided places, float scale, SpecializedValue<int> axes)
        => y[i] = x[places.Of(i, axes.Value)] * scale;

    private static Kernel? Sum(string name, OpSignature signature, KernelCache kernels, bool mean)
    {
        var (source, target) = (signature.Inputs[0], signature.Output);
        if (Split(source, target) is not var (starts, places, termsOfASample))
            return null;
        var acrossSamples = source.Batched && !target.Batched;
        var reduce = kernels.Groups(_reduce);
        var finish = new Finish(kernels);

        // Kept axes are neighbours in memory where the last axis of all is kept.
        var wide = places.Step4 != 1 && starts.Step4 == 1;
        return kernels.Step(name, Launch, Enumerable.Range(1, signature.MaxBatch).Max(b => Splits(b) is var s && s > 1 ? (long)s * Results(b) : 0));

        int Results(int batch) => (int)target.Length(batch);

        int Terms(int batch) => acrossSamples ? batch * termsOfASample : termsOfASample;

        Index2D GroupOf(int batch) => LaneSum.GroupOf(wide ? Math.Min(32, Results(batch)) : 1, Terms(batch) / LaneSum.TermsOfAThread);

        int Splits(int batch) => LaneSum.Splits(Results(batch), Terms(batch), GroupOf(batch));

        void Launch(KernelCall call)
        {
            var (results, terms, group, splits) = (Results(call.Batch), Terms(call.Batch), GroupOf(call.Batch), Splits(call.Batch));
            var scale = mean ? (float)results / (source.Batched ? (float)source.Length(call.Batch) : source.Shape.Length) : 1f;
            var y = splits > 1 ? call.Workspace((long)splits * results) : call.Output();
            reduce(
                new KernelConfig(new Index2D((results + group.X - 1) / group.X, splits), group), call.Input(0), y,
                new Reduction
                {
                    Results = results,
                    Terms = terms,
                    Chunk = (terms + splits - 1) / splits,
                    Scale = splits > 1 ? 1f : scale,
                    Starts = starts,
                    Places = places,
                },
                SpecializedValue.New(Math.Max(starts.Axes, places.Axes)));
            if (splits > 1)
                finish.Run(call, y, splits, new Epilogue { Scale = scale });
        }
    }

    /// <summary>Where the terms of each result begin, where its terms lie, and how many they are in one sample.</summary>
    private static (Strided Starts, Strided Places, int Terms)? Split(TensorType source, TensorType target)
    {
        var steps = Strided.Steps(source.Shape);
        List<(int, int)> kept = [], summed = [];
        if (source.Batched)
            (target.Batched ? kept : summed).Add((int.MaxValue, source.Shape.Length));
        for (var axis = 0; axis < source.Shape.Rank; axis++)
            (Keeps(axis) ? kept : summed).Add((source.Shape[axis], steps[axis]));
        var terms = Enumerable.Range(0, source.Shape.Rank).Where(axis => !Keeps(axis)).Aggregate(1, (product, axis) => product * source.Shape[axis]);
        return Strided.Of(kept) is { } starts && Strided.Of(summed) is { } places ? (starts, places, terms) : null;

        // The sum of channels has a target of one axis; other targets have all axes, with extents of 1 where they are summed over.
        bool Keeps(int axis)
            => target.Shape.Length > 1 && (target.Shape.Rank == source.Shape.Rank ? target.Shape[axis] != 1 : axis == 0);
    }

    private static int Least(int a, int b) => a < b ? a : b;
}

/// <summary>A sum of terms for each result.</summary>
public struct Reduction
{
    /// <summary>The numbers of results, of terms of each, and of terms of one split.</summary>
    public int Results, Terms, Chunk;

    /// <summary>What sums are multiplied by.</summary>
    public float Scale;

    /// <summary>Where the terms of a result begin, and where a term lies from there.</summary>
    public Strided Starts, Places;
}

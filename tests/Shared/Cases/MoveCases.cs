using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Reductions, broadcasts, and ops that only move numbers.</summary>
internal sealed class MoveCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Reductions(), .. Moves()];

    private static IEnumerable<OpCase> Reductions()
    {
        foreach (var mean in new[] { false, true })
        {
            foreach (var (batch, source, target) in new (int, TensorType, TensorType)[]
            {
                (37, Each(3, 5, 7), Each(3, 1, 1)),
                (2, Each(33, 4, 4), Each(33, 1, 1)),
                (37, Each(1), Once(1)),
                (5, Each(3, 4, 6), Once(1)),
                (5, Each(3, 4, 6), Once(3, 1, 1)),
                (5, Each(3, 4, 6), Each(1, 4, 6)),
                (5, Each(3, 4), Once(3, 4)),
                (1, Once(6, 5), Once(1, 5)),
            })
            {
                yield return new(new ReduceOp { Shape = target.Shape, Batched = target.Batched, Mean = mean }, batch, source);
                yield return new(new BroadcastOp { Shape = source.Shape, Batched = source.Batched, Mean = mean }, batch, target) { Tolerance = Pointwise };
            }
        }
    }

    private static IEnumerable<OpCase> Moves()
    {
        yield return new(new ReshapeOp { Shape = [42] }, 3, Each(2, 3, 7)) { Tolerance = Pointwise };
        foreach (var (batch, pixels) in new (int, Shape)[] { (1, [1]), (37, [1, 28, 28]), (3, [3, 5, 7]), (19, [4, 33, 34]), (5, [32, 6, 5]) })
            yield return new(new PixelsOp { Shape = pixels }, batch, new TensorType(PixelsOp.PackedShape(pixels), true)) { Tolerance = Pointwise, HasGradient = false };
        yield return new(new CopyOp(), 3, Each(2, 3, 7)) { Tolerance = Pointwise };
        yield return new(new CopyOp(), 3, Once(2, 3)) { Tolerance = Pointwise };
        yield return new(new ConcatOp(), 3, Each(2, 3, 5), Each(1, 3, 5), Each(4, 3, 5)) { Tolerance = Pointwise };
        yield return new(new ConcatOp { Axis = 2 }, 2, Each(2, 3, 5), Each(2, 3, 1)) { Tolerance = Pointwise };
        yield return new(new ConcatOp(), 3, Each(32, 3, 5), Each(16, 3, 5), Each(48, 3, 5)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 0, Start = 32, Length = 16 }, 19, Each(64, 3, 5)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 0, Start = 1, Length = 3 }, 3, Each(5, 3, 5)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 1, Start = 2, Length = 1 }, 2, Each(2, 3, 5)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 0, Start = 1, Length = 1 }, 1, Once(2, 9)) { Tolerance = Pointwise };
        yield return new(new PadOp { Axis = 0, Before = 1, After = 2 }, 3, Each(2, 3, 5)) { Tolerance = Pointwise };
        yield return new(new PadOp { Axis = 2, Before = 0, After = 3 }, 2, Each(2, 3, 5)) { Tolerance = Pointwise };
    }
}

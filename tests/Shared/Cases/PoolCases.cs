using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Pooling and its gradients.</summary>
internal sealed class PoolCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Pools()];

    private static IEnumerable<OpCase> Pools()
    {
        foreach (var (batch, x, window) in new (int, Shape, Window)[]
        {
            (1, [1, 2, 2], Square(2, stride: 2)),
            (37, [3, 8, 6], Square(2, stride: 2)),
            (2, [33, 7, 9], Square(2, stride: 2)),
            (2, [5, 24, 24], Square(2, stride: 2)),
            (3, [4, 9, 11], Square(3, stride: 2, padding: 1)),
            (2, [3, 10, 7], Square(3, stride: 3)),
            (2, [2, 6, 7], Square(3, padding: 2)),
            (2, [3, 7, 8], new Window(new WindowAxis(2), new WindowAxis(3, Stride: 2))),
            (2, [2, 9, 9], Square(2, stride: 3)),
            (2, [3, 11], new Window(new WindowAxis(1), new WindowAxis(3, Stride: 2, Before: 1))),
            (1, [2, 4, 5, 6], new Window(new WindowAxis(2, Stride: 2), new WindowAxis(2), new WindowAxis(3, Before: 1, After: 1))),
        })
        {
            var max = new OpCase(new MaxPoolOp { Window = window }, batch, new TensorType(x, true)) { Tolerance = Pointwise };
            yield return max;
            yield return new(new MaxPoolGradientOp { Window = window }, batch, new(x, true), max.Output) { HasGradient = false, Tolerance = Pointwise };
            foreach (var count in new[] { true, false })
            {
                yield return new(new AveragePoolOp { Window = window, CountPadding = count }, batch, new TensorType(x, true));
                yield return new(new AveragePoolGradientOp { Window = window, CountPadding = count, InputShape = x }, batch, max.Output) { HasGradient = false };
            }
        }
    }
}

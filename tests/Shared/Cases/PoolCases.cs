using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Pooling, its switches and its gradients.</summary>
internal sealed class PoolCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Pools(), .. Powers(), .. Adaptive()];

    private static readonly (int Batch, Shape X, Window Window, bool Ceil)[] Windows =
    [
        (1, [1, 2, 2], Square(2, stride: 2), false),
        (37, [3, 8, 6], Square(2, stride: 2), false),
        (2, [33, 7, 9], Square(2, stride: 2), false),
        (2, [5, 24, 24], Square(2, stride: 2), false),
        (3, [4, 9, 11], Square(3, stride: 2, padding: 1), false),
        (2, [3, 10, 7], Square(3, stride: 3), false),
        (2, [2, 6, 7], Square(3, padding: 2), false),
        (2, [3, 7, 8], new Window(new WindowAxis(2), new WindowAxis(3, Stride: 2)), false),
        (2, [2, 9, 9], Square(2, stride: 3), false),
        (2, [3, 11], new Window(new WindowAxis(1), new WindowAxis(3, Stride: 2, Before: 1)), false),
        (1, [2, 4, 5, 6], new Window(new WindowAxis(2, Stride: 2), new WindowAxis(2), new WindowAxis(3, Before: 1, After: 1)), false),
        (37, [1, 5, 7], Square(5), false),
        (2, [33, 7, 7], Square(7), false),
        (1, [2, 9, 71], Square(3, stride: 2, padding: 1), false),
        (2, [2, 5, 70], Square(3, padding: 1), false),
        (1, [3, 12, 40], Square(3, stride: 2, dilation: 2), false),
        (2, [2, 11, 9], Square(3, padding: 2, dilation: 3), false),
        (1, [1, 4, 133], new Window(new WindowAxis(2), new WindowAxis(4, Stride: 3, Before: 2, After: 1)), false),
        (2, [3, 7, 9], Square(2, stride: 2), true),
        (2, [2, 8, 6], Square(3, stride: 2, padding: 1), true),
        (1, [2, 6, 5], Square(2, stride: 3, padding: 1), true),
        (37, [1, 10], new Window(new WindowAxis(1), new WindowAxis(4, Stride: 3)), true),
        (2, [3, 5, 6, 7], new Window(new WindowAxis(3, 2, 1, 1), new WindowAxis(3, 2, 1, 1), new WindowAxis(3, 2, 1, 1)), false),
        (1, [33, 2, 3, 4], new Window(new WindowAxis(2), new WindowAxis(3), new WindowAxis(4)), false),
        (1, [2, 5, 4, 37], new Window(new WindowAxis(2, 3), new WindowAxis(2, 1, 1, 0, 2), new WindowAxis(2, 2)), true),
    ];

    private static IEnumerable<OpCase> Pools()
    {
        foreach (var (batch, x, window, ceil) in Windows)
        {
            var op = new MaxPoolOp { Window = window, CeilMode = ceil };
            var max = new OpCase(op, batch, new TensorType(x, true)) { Tolerance = Pointwise };
            yield return max;
            yield return new(new MaxPoolGradientOp { Forward = op }, batch, new(x, true), max.Output) { HasGradient = false, Tolerance = Pointwise };
            yield return new(new MaxPoolGradientOp { Forward = op, Relu = true }, batch, new(x, true), max.Output) { HasGradient = false, Tolerance = Pointwise };
            yield return new(new MaxPoolSwitchesOp { Window = window, CeilMode = ceil }, batch, new TensorType(x, true)) { HasGradient = false, Tolerance = 0 };
            foreach (var count in new[] { true, false })
            {
                var average = new AveragePoolOp { Window = window, CountPadding = count, CeilMode = ceil };
                yield return new(average, batch, new TensorType(x, true)) { Tolerance = Pointwise };
                yield return new(new AveragePoolGradientOp { Forward = average, InputShape = x }, batch, max.Output) { HasGradient = false, Tolerance = Pointwise };
            }
        }
    }

    private static IEnumerable<OpCase> Powers()
    {
        foreach (var (index, (batch, x, window, ceil)) in Windows.Index())
        {
            var op = new LpPoolOp { Window = window, CeilMode = ceil, Power = new[] { 2, 1, 3, 2.5f, 1.5f }[index % 5] };
            var forward = new OpCase(op, batch, new TensorType(x, true)) { Tolerance = Pointwise };
            yield return forward;

            // Any y will do: the gradient is checked as a function of x, y and dy.
            yield return new(new LpPoolGradientOp { Forward = op }, batch, new(x, true), forward.Output, forward.Output) { HasGradient = false, Positive = [1], Tolerance = 1e-4 };
        }
    }

    private static IEnumerable<OpCase> Adaptive()
    {
        foreach (var (batch, x, size) in new (int, Shape, Shape)[]
        {
            (1, [1, 1, 1], [1, 1]), (37, [3, 7, 5], [3, 2]), (2, [33, 9, 9], [6, 6]), (2, [2, 5, 7], [5, 7]), (2, [3, 4, 5], [7, 9]),
            (2, [2, 8, 70], [4, 35]), (3, [4, 11], [4]), (1, [2, 4, 5, 6], [2, 3, 4]), (1, [5, 10, 10], [1, 1]),
        })
        {
            var op = new AdaptiveAveragePoolOp { Size = size };
            var forward = new OpCase(op, batch, new TensorType(x, true)) { Tolerance = Pointwise };
            yield return forward;
            yield return new(new AdaptiveAveragePoolGradientOp { Forward = op, InputShape = x }, batch, forward.Output) { HasGradient = false, Tolerance = Pointwise };
        }
    }
}

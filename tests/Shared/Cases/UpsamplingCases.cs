using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Resizing, bed of nails and max unpooling.</summary>
internal sealed class UpsamplingCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Resizes(), .. Factors(), .. Nails(), .. Unpools()];

    private static IEnumerable<OpCase> Resizes()
    {
        foreach (var (batch, x, size) in new (int, Shape, Shape)[]
        {
            (1, [1, 1, 1], [3, 4]), (37, [3, 3, 5], [6, 10]), (2, [33, 7, 6], [5, 9]), (2, [2, 4, 5], [4, 5]), (2, [2, 9, 11], [3, 4]),
            (1, [2, 5, 33], [10, 66]), (2, [3, 6, 7], [1, 1]), (2, [2, 8, 40], [4, 20]), (3, [4, 7], [12]), (1, [2, 3, 4, 5], [6, 3, 7]), (2, [1, 2, 3, 3], [4, 6, 6]),
        })
        {
            foreach (var (mode, corners) in new[] { (ResizeMode.Nearest, false), (ResizeMode.Linear, false), (ResizeMode.Linear, true) })
            {
                var op = new ResizeOp { Size = size, Mode = mode, AlignCorners = corners };
                var forward = new OpCase(op, batch, new TensorType(x, true)) { Tolerance = Pointwise };
                yield return forward;
                yield return new(new ResizeGradientOp { Forward = op, InputShape = x }, batch, forward.Output) { HasGradient = false, Tolerance = Pointwise };
            }
        }
    }

    private static IEnumerable<OpCase> Factors()
    {
        foreach (var (batch, x, factors) in new (int, Shape, Shape)[] { (37, [3, 3, 5], [2, 2]), (1, [33, 2, 3], [3, 1]), (3, [4, 7], [2]), (1, [2, 2, 3, 4], [2, 1, 3]) })
        {
            var op = new ResizeOp { Factors = factors, Mode = ResizeMode.Linear };
            var forward = new OpCase(op, batch, new TensorType(x, true)) { Tolerance = Pointwise };
            yield return forward;
            yield return new(new ResizeGradientOp { Forward = op, InputShape = x }, batch, forward.Output) { HasGradient = false, Tolerance = Pointwise };
        }
    }

    private static IEnumerable<OpCase> Nails()
    {
        foreach (var (batch, x, factors) in new (int, Shape, Shape)[]
        {
            (1, [1, 1, 1], [2, 2]), (37, [3, 3, 5], [2, 2]), (2, [33, 4, 3], [3, 1]), (2, [2, 4, 35], [2, 3]), (3, [4, 7], [2]), (1, [2, 3, 4, 5], [1, 2, 3]),
        })
        {
            var op = new BedOfNailsOp { Factors = factors };
            var forward = new OpCase(op, batch, new TensorType(x, true)) { Tolerance = Pointwise };
            yield return forward;
            yield return new(new BedOfNailsGradientOp { Forward = op, InputShape = x }, batch, forward.Output) { HasGradient = false, Tolerance = Pointwise };
        }
    }

    private static IEnumerable<OpCase> Unpools()
    {
        // Switches anywhere in a plane, some of them equal.
        foreach (var (batch, x, to) in new (int, Shape, Shape)[]
        {
            (1, [1, 1, 1], [1, 2, 2]), (37, [3, 2, 3], [3, 4, 6]), (2, [33, 3, 4], [33, 7, 9]), (3, [4, 5], [4, 11]), (1, [2, 2, 2, 3], [2, 4, 5, 6]),
        })
        {
            yield return new(new MaxUnpoolOp { Shape = to }, batch, new(x, true), new(x, true))
            {
                ClassIndices = (1, to.Plane),
                Differentiable = [0],
                Tolerance = Pointwise,
            };
            yield return new(new MaxUnpoolGradientOp(), batch, new(to, true), new(x, true))
            {
                ClassIndices = (1, to.Plane),
                HasGradient = false,
                Tolerance = Pointwise,
            };
        }
    }
}

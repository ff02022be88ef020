using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Functions of one and of two numbers, dropout and fills.</summary>
internal sealed class PointwiseCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Activations(), .. Binaries(), .. Others()];

    private static IEnumerable<OpCase> Activations()
    {
        UnaryOp[] functions =
        [
            new ReluOp(), new LeakyReluOp { Slope = 0.2f }, new SigmoidOp(), new TanhOp(), new AffineOp { Factor = -2, Offset = 0.5f },
            new EluOp { Alpha = 0.7f }, new SeluOp(), new GeluOp(), new GeluOp { Approximate = true }, new SiluOp(), new SoftplusOp(),
            new HardSigmoidOp(), new ExpOp(), new LogOp(), new SqrtOp(), new AbsOp(),
            new ClipOp { Minimum = -0.5f, Maximum = 0.7f }, new PowerOp { Exponent = 2.5f }, new PowerOp { Exponent = 1 },
        ];
        foreach (var function in functions)
        {
            foreach (var (batch, type) in new (int, TensorType)[] { (1, Each(1)), (37, Each(3, 5, 7)), (2, Each(33)), (3, Once(4, 4)), (1, Each(5, 64, 65)) })
            {
                int[] positive = function is LogOp or SqrtOp or PowerOp ? [0] : [];
                yield return new(function, batch, type) { Tolerance = Pointwise, Positive = positive };
                yield return new(new UnaryGradientOp { Function = function }, batch, type, type) { HasGradient = false, Tolerance = Pointwise, Positive = positive };
            }
        }
    }

    private static IEnumerable<OpCase> Binaries()
    {
        foreach (var op in new BinaryOp[] { new AddOp(), new SubtractOp(), new MultiplyOp(), new DivideOp(), new MaximumOp(), new MinimumOp() })
        {
            int[] positive = op is DivideOp ? [1] : [];
            yield return new(op, 37, Each(3, 5, 7), Each(3, 5, 7)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 1, Each(1), Each(1)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 3, Each(2, 6), Each(2, 6)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 2, Each(33, 4, 5), Each(33, 1, 1)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 3, Each(4, 1, 1), Each(4, 3, 5)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 3, Each(4, 3, 5), Once(4, 1, 1)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 3, Each(4, 3, 5), Once(4, 3, 5)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 3, Each(4, 3, 5), Each(1, 3, 5)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 3, Each(7), Once(1)) { Tolerance = Pointwise, Positive = positive };
            yield return new(op, 1, Once(5, 3), Once(5, 3)) { Tolerance = Pointwise, Positive = positive };
        }
    }

    private static IEnumerable<OpCase> Others()
    {
        foreach (var (batch, shape, pieces) in new (int, Shape, int)[] { (1, [2], 2), (37, [33], 3), (2, [6, 5, 7], 2), (3, [4, 3], 4), (2, [5, 3, 3], 1) })
        {
            TensorType x = new(shape, true), y = new(shape.WithChannels(shape.C / pieces), true);
            yield return new(new MaxoutOp { Pieces = pieces }, batch, x) { Tolerance = Pointwise };
            yield return new(new MaxoutGradientOp { Pieces = pieces }, batch, x, y) { Tolerance = Pointwise, HasGradient = false };
            yield return new(new PReluOp(), batch, x, Once(shape.C)) { Tolerance = Pointwise };
            yield return new(new PReluGradientOp(), batch, x, Once(shape.C), x) { Tolerance = Pointwise, HasGradient = false };
        }

        yield return new(new ConstantOp { Shape = [2, 3], Values = [1, 2, 3, -4, 5, 0.5f] }, 1) { Tolerance = Pointwise, HasGradient = false };
        yield return new(new OneHotOp { Classes = 4 }, 37, Each(1)) { Tolerance = Pointwise, ClassIndices = (0, 5), HasGradient = false };
        yield return new(new OneHotOp { Classes = 3 }, 2, Each(1, 5, 3)) { Tolerance = Pointwise, ClassIndices = (0, 3), HasGradient = false };
        yield return new(new NotLessOp(), 3, Each(4, 3, 5), Each(4, 3, 5)) { Tolerance = Pointwise, HasGradient = false };
        yield return new(new NotLessOp(), 3, Each(4, 3, 5), Once(4, 1, 1)) { Tolerance = Pointwise, HasGradient = false };
        yield return new(new FillOp { Shape = [2, 3], Value = 0.5f }, 1) { Tolerance = Pointwise };
        yield return new(new DropoutOp { Rate = 0.3f, Salt = 2 }, 37, Each(5, 3, 7)) { Tolerance = Pointwise };
        yield return new(new DropoutOp { Rate = 0.4f, Salt = 3, WholeChannels = true }, 37, Each(5, 3, 7)) { Tolerance = Pointwise };
        yield return new(new DropoutOp { Rate = 0.4f, Salt = 3, WholeChannels = true }, 2, Each(33)) { Tolerance = Pointwise };
        yield return new(new DropoutOp { Rate = 0.9f, Salt = 1 }, 1, Each(17)) { Tolerance = Pointwise };
    }
}

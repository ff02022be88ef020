using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>
/// The table of cases: for each op the shapes and attributes at which kernels and gradients go wrong if they do: odd
/// sizes, batches of 1 and 37, 1 and 33 channels, strides, paddings, dilations, groups.
/// </summary>
public static class OpCases
{
    private const double Pointwise = 1e-5;

    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. Convolutions(), .. MatMuls(), .. Pools(), .. Normalizations(), .. Activations(), .. Binaries(), .. Reductions(),
        .. Moves(), .. Softmaxes(), .. Optimizers(),
        new(new FillOp { Shape = [2, 3], Value = 0.5f }, 1) { Tolerance = Pointwise },
        new(new DropoutOp { Rate = 0.3f, Salt = 2 }, 37, Each(5, 3, 7)) { Tolerance = Pointwise },
        new(new DropoutOp { Rate = 0.9f, Salt = 1 }, 1, Each(17)) { Tolerance = Pointwise },
    ];

    /// <summary>The cases by name, for theories.</summary>
    public static TheoryData<string> Names(Func<OpCase, bool> filter)
    {
        var data = new TheoryData<string>();
        foreach (var name in All.Where(filter).Select(c => c.ToString()))
            data.Add(name);
        return data;
    }

    public static OpCase Find(string name) => All.First(c => c.ToString() == name);

    private static TensorType Each(params int[] shape) => new(new Shape(shape), true);

    private static TensorType Once(params int[] shape) => new(new Shape(shape), false);

    private static IEnumerable<OpCase> Convolutions()
    {
        foreach (var (batch, x, filters, window, groups, bias) in new (int, Shape, int, Window, int, bool)[]
        {
            (1, [1, 5, 5], 1, Square(3), 1, true),
            (37, [1, 7, 9], 5, Square(3, padding: 1), 1, true),
            (3, [33, 6, 5], 4, Square(3, padding: 1), 1, false),
            (2, [5, 11, 13], 33, Square(5, stride: 3, padding: 2), 1, true),
            (2, [3, 9, 10], 4, Square(3, stride: 2, padding: 1), 1, true),
            (2, [2, 8, 7], 3, Square(3, padding: 2), 1, true),
            (2, [4, 12, 11], 3, Square(3, dilation: 2), 1, true),
            (3, [2, 10, 13], 3, Square(3, stride: 2, padding: 3, dilation: 2), 1, true),
            (2, [6, 7, 7], 6, Square(3, padding: 1), 6, true),
            (2, [6, 7, 7], 12, Square(3, stride: 2, padding: 1), 6, false),
            (2, [8, 6, 7], 4, Square(3, padding: 1), 2, true),
            (3, [5, 7, 6], 7, Square(1), 1, true),
            (37, [16, 3, 5], 20, Square(1), 1, false),
            (2, [5, 7, 6], 7, Square(1, stride: 2), 1, true),
            (2, [6, 5, 6], 4, Square(1), 2, true),
            (2, [3, 8, 9], 4, new Window(new WindowAxis(1), new WindowAxis(3, Before: 1, After: 1)), 1, true),
            (2, [3, 8, 9], 4, new Window(new WindowAxis(5, Stride: 2), new WindowAxis(2, Before: 1)), 1, true),
            (1, [64, 14, 14], 32, Square(3, padding: 1), 1, true),
            (2, [3, 17, 19], 16, Square(7, stride: 2, padding: 3), 1, false),
            (4, [20, 12, 12], 40, Square(5), 1, true),
            (2, [3, 13], 4, new Window(new WindowAxis(1), new WindowAxis(3, Stride: 2, Before: 1, After: 1)), 1, true),
            (2, [2, 5, 6, 4], 3, new Window(new WindowAxis(2, Before: 1), new WindowAxis(3, Before: 1, After: 1), new WindowAxis(2, Stride: 2)), 1, true),
        })
        {
            var conv = new ConvOp { Window = window, Groups = groups };
            TensorType[] inputs = [new(x, true), new(conv.WeightShape(x, filters), false), .. bias ? [Once(filters)] : Array.Empty<TensorType>()];
            var forward = new OpCase(conv, batch, inputs);
            yield return forward;
            yield return new(new ConvInputGradientOp { Window = window, Groups = groups, InputShape = x }, batch, forward.Output, inputs[1]) { HasGradient = false };
            yield return new(new ConvWeightGradientOp { Window = window, Groups = groups, Shape = inputs[1].Shape }, batch, inputs[0], forward.Output) { HasGradient = false };
        }
    }

    private static IEnumerable<OpCase> MatMuls()
    {
        foreach (var (batch, inner, outer) in new[] { (1, 1, 1), (37, 33, 10), (5, 640, 100), (128, 17, 3), (2, 100, 257) })
        {
            yield return new(new MatMulOp { TransposeB = true }, batch, Each(inner), Once(outer, inner), Once(outer));
            yield return new(new MatMulOp(), batch, Each(inner), Once(inner, outer));
            yield return new(new MatMulOp { TransposeA = true }, batch, Each(inner), Each(outer));
            yield return new(new MatMulOp { TransposeA = true, TransposeB = true }, 1, Once(inner, batch), Once(outer, inner));
            yield return new(new MatMulOp(), 1, Once(batch, inner), Once(inner, outer));
        }

        foreach (var (batch, shape) in new (int, Shape)[] { (1, [1, 1, 1]), (37, [33, 5, 3]), (3, [10]), (2, [7, 129]) })
            yield return new(new ChannelSumOp(), batch, new TensorType(shape, true)) { HasGradient = false };
    }

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

    private static IEnumerable<OpCase> Normalizations()
    {
        foreach (var (batch, x) in new (int, Shape)[] { (37, [1]), (5, [33]), (4, [3, 5, 7]), (2, [33, 4, 4]), (1, [2, 9, 9]), (37, [5, 3, 1]) })
        {
            var c = x.C;
            TensorType activation = new(x, true);
            yield return new(new BatchStatisticsOp(), batch, activation) { HasGradient = false };
            yield return new(new RunningStatisticsOp { Momentum = 0.2f, Plane = x.Plane }, batch, Once(2, c), Once(2, c)) { HasGradient = false, Tolerance = Pointwise };
            yield return new(new NormalizeOp { Epsilon = 1e-3f }, batch, activation, Once(c), Once(c), Once(2, c)) { Positive = [3], Differentiable = [0, 1, 2], Tolerance = Pointwise };
            yield return new(new NormalizeOp { Epsilon = 1e-3f, OfBatch = true }, batch, activation, Once(c), Once(c), Once(2, c))
            {
                Positive = [3],
                Differentiable = [0, 1, 2],
                Tolerance = Pointwise,
                Build = (op, x) => new Node(op, [x[0], x[1], x[2], new Node(new BatchStatisticsOp(), [x[0]], "statistics")], "y"),
            };
            yield return new(new BatchNormOp { Epsilon = 1e-3f }, batch, activation, Once(c), Once(c), Once(2, c))
            {
                Positive = [3],
                Differentiable = [0, 1, 2],
                Tolerance = Pointwise,
                Build = (op, x) => Computation.Inference(new Node(op, x, "y")).Outputs[0],
            };
            yield return new(new NormalizeParameterGradientOp { Epsilon = 1e-3f }, batch, activation, Once(2, c), activation) { Positive = [1], HasGradient = false };
            foreach (var ofBatch in new[] { false, true })
                yield return new(new NormalizeInputGradientOp { Epsilon = 1e-3f, OfBatch = ofBatch }, batch, activation, Once(c), Once(2, c), activation, Once(2, c)) { Positive = [2], HasGradient = false, Tolerance = Pointwise };
        }
    }

    private static IEnumerable<OpCase> Activations()
    {
        UnaryOp[] functions = [new ReluOp(), new LeakyReluOp { Slope = 0.2f }, new SigmoidOp(), new TanhOp(), new AffineOp { Factor = -2, Offset = 0.5f }];
        foreach (var function in functions)
        {
            foreach (var (batch, type) in new (int, TensorType)[] { (1, Each(1)), (37, Each(3, 5, 7)), (2, Each(33)), (3, Once(4, 4)), (1, Each(5, 64, 65)) })
            {
                yield return new(function, batch, type) { Tolerance = Pointwise };
                yield return new(new UnaryGradientOp { Function = function }, batch, type, type) { HasGradient = false, Tolerance = Pointwise };
            }
        }
    }

    private static IEnumerable<OpCase> Binaries()
    {
        foreach (var op in new BinaryOp[] { new AddOp(), new SubtractOp(), new MultiplyOp() })
        {
            yield return new(op, 37, Each(3, 5, 7), Each(3, 5, 7)) { Tolerance = Pointwise };
            yield return new(op, 1, Each(1), Each(1)) { Tolerance = Pointwise };
            yield return new(op, 2, Each(33, 4, 5), Each(33, 1, 1)) { Tolerance = Pointwise };
            yield return new(op, 3, Each(4, 1, 1), Each(4, 3, 5)) { Tolerance = Pointwise };
            yield return new(op, 3, Each(4, 3, 5), Once(4, 1, 1)) { Tolerance = Pointwise };
            yield return new(op, 3, Each(4, 3, 5), Once(4, 3, 5)) { Tolerance = Pointwise };
            yield return new(op, 3, Each(4, 3, 5), Each(1, 3, 5)) { Tolerance = Pointwise };
            yield return new(op, 3, Each(7), Once(1)) { Tolerance = Pointwise };
            yield return new(op, 1, Once(5, 3), Once(5, 3)) { Tolerance = Pointwise };
        }
    }

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
        yield return new(new CopyOp(), 3, Each(2, 3, 7)) { Tolerance = Pointwise };
        yield return new(new CopyOp(), 3, Once(2, 3)) { Tolerance = Pointwise };
        yield return new(new ConcatOp(), 3, Each(2, 3, 5), Each(1, 3, 5), Each(4, 3, 5)) { Tolerance = Pointwise };
        yield return new(new ConcatOp { Axis = 2 }, 2, Each(2, 3, 5), Each(2, 3, 1)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 0, Start = 1, Length = 3 }, 3, Each(5, 3, 5)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 1, Start = 2, Length = 1 }, 2, Each(2, 3, 5)) { Tolerance = Pointwise };
        yield return new(new SliceOp { Axis = 0, Start = 1, Length = 1 }, 1, Once(2, 9)) { Tolerance = Pointwise };
        yield return new(new PadOp { Axis = 0, Before = 1, After = 2 }, 3, Each(2, 3, 5)) { Tolerance = Pointwise };
        yield return new(new PadOp { Axis = 2, Before = 0, After = 3 }, 2, Each(2, 3, 5)) { Tolerance = Pointwise };
    }

    private static IEnumerable<OpCase> Softmaxes()
    {
        foreach (var (batch, shape) in new (int, Shape)[] { (1, [1]), (37, [10]), (3, [33]), (2, [5, 3, 4]), (1, [257]) })
        {
            TensorType logits = new(shape, true), places = new(shape.WithChannels(1), true);
            yield return new(new SoftmaxOp(), batch, logits);
            yield return new(new SoftmaxGradientOp(), batch, logits, logits) { HasGradient = false };
            yield return new(new SoftmaxCrossEntropyOp(), batch, logits, places) { ClassIndices = (1, shape.C), Differentiable = [0] };
            yield return new(new SoftmaxCrossEntropyGradientOp(), batch, logits, places, places) { ClassIndices = (1, shape.C), HasGradient = false };
            yield return new(new CorrectPredictionsOp(), batch, logits, places) { ClassIndices = (1, shape.C), HasGradient = false };
        }
    }

    private static IEnumerable<OpCase> Optimizers()
    {
        OptimizerOp[] optimizers =
        [
            new SgdOp(), new SgdOp { Momentum = 0.9f }, new SgdOp { Momentum = 0.9f, Nesterov = true, WeightDecay = 0.01f },
            new AdamOp(), new AdamOp { WeightDecay = 0.01f }, new AdamOp { WeightDecay = 0.01f, Decoupled = true },
        ];
        foreach (var optimizer in optimizers)
        {
            foreach (var length in new[] { 1, 37, 1024 })
            {
                yield return new(optimizer, 1, [.. Enumerable.Repeat(Once(length), 2 + optimizer.Moments)])
                {
                    HasGradient = false,
                    Positive = optimizer.Moments == 2 ? [3] : [],
                    Tolerance = Pointwise,
                };
            }
        }
    }

    private static Window Square(int size, int stride = 1, int padding = 0, int dilation = 1)
    {
        var axis = new WindowAxis(size, stride, padding, padding, dilation);
        return new Window(axis, axis);
    }
}

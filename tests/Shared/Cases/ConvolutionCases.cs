using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Convolutions, in one to three dimensions, and their gradients.</summary>
internal sealed class ConvolutionCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Convolutions()];

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
}

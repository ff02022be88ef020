using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Softmax and cross-entropy.</summary>
internal sealed class SoftmaxCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Softmaxes()];

    private static IEnumerable<OpCase> Softmaxes()
    {
        foreach (var (batch, shape) in new (int, Shape)[] { (1, [1]), (37, [10]), (3, [33]), (2, [5, 3, 4]), (1, [257]) })
        {
            TensorType logits = new(shape, true), places = new(shape.WithChannels(1), true);
            yield return new(new SoftmaxOp(), batch, logits);
            yield return new(new SoftmaxGradientOp(), batch, logits, logits) { HasGradient = false };
            yield return new(new LogSoftmaxOp(), batch, logits);
            yield return new(new LogSoftmaxGradientOp(), batch, logits, logits) { HasGradient = false };
            yield return new(new SoftmaxCrossEntropyOp(), batch, logits, places, logits)
            {
                ClassIndices = (1, shape.C),
                Positive = [2],
                Differentiable = [0],
                Build = (op, x) => new Node(op, [x[0], x[1], x[0].Softmax()], "y"),
            };
            yield return new(new SoftmaxCrossEntropyGradientOp(), batch, logits, places, places) { ClassIndices = (1, shape.C), HasGradient = false };
            yield return new(new CorrectPredictionsOp(), batch, logits, places) { ClassIndices = (1, shape.C), HasGradient = false };
        }
    }
}

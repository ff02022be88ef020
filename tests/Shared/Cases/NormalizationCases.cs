using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Batch normalisation: statistics, normalisation and gradients.</summary>
internal sealed class NormalizationCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Normalizations()];

    private static IEnumerable<OpCase> Normalizations()
    {
        foreach (var (batch, x) in new (int, Shape)[] { (37, [1]), (5, [33]), (4, [3, 5, 7]), (2, [33, 4, 4]), (3, [32, 5, 6]), (1, [2, 9, 9]), (37, [5, 3, 1]) })
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
            foreach (var adds in new[] { false, true })
            {
                yield return new(new NormalizeOp { Epsilon = 1e-3f, Adds = adds, Relu = true }, batch, [activation, Once(c), Once(c), Once(2, c), .. adds ? [activation] : Array.Empty<TensorType>()])
                {
                    Positive = [3],
                    HasGradient = false,
                    Tolerance = Pointwise,
                };
            }

            yield return new(new NormalizeParameterGradientOp { Epsilon = 1e-3f }, batch, activation, Once(2, c), activation) { Positive = [1], HasGradient = false };
            yield return new(new NormalizeParameterGradientOp { Epsilon = 1e-3f, Relu = true }, batch, activation, Once(2, c), activation, Once(c), Once(c)) { Positive = [1], HasGradient = false };
            foreach (var ofBatch in new[] { false, true })
                yield return new(new NormalizeInputGradientOp { Epsilon = 1e-3f, OfBatch = ofBatch, Relu = true }, batch, activation, Once(c), Once(2, c), activation, Once(2, c), Once(c)) { Positive = [2], HasGradient = false, Tolerance = Pointwise };
            foreach (var ofBatch in new[] { false, true })
                yield return new(new NormalizeInputGradientOp { Epsilon = 1e-3f, OfBatch = ofBatch }, batch, activation, Once(c), Once(2, c), activation, Once(2, c)) { Positive = [2], HasGradient = false, Tolerance = Pointwise };
        }
    }
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Optimizers.</summary>
internal sealed class OptimizerCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Optimizers()];

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
}

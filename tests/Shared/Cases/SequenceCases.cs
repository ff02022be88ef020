using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Group and local response normalisation, permutations, embeddings.</summary>
internal sealed class SequenceCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Groups(), .. LocalResponses(), .. Permutations(), .. Embeddings()];

    private static IEnumerable<OpCase> Groups()
    {
        foreach (var (batch, shape, groups) in new (int, Shape, int)[]
        {
            (1, [2, 3, 3], 1), (37, [4, 3, 1], 2), (3, [33, 5, 2], 33), (2, [6, 5, 7], 3), (5, [10], 1), (3, [12], 4),
        })
        {
            TensorType x = new(shape, true);
            yield return new(new GroupNormalizeOp { Groups = groups, Epsilon = 1e-3f }, batch, x);
            yield return new(new GroupNormalizeGradientOp { Groups = groups, Epsilon = 1e-3f }, batch, x, x) { HasGradient = false };
        }
    }

    private static IEnumerable<OpCase> LocalResponses()
    {
        foreach (var (batch, shape, channels) in new (int, Shape, int)[]
        {
            (1, [1, 3, 3], 5), (37, [4, 3, 1], 2), (3, [33, 5, 2], 5), (2, [6, 5, 7], 3), (3, [9], 4), (2, [7, 17], 1),
        })
        {
            TensorType x = new(shape, true);
            var op = new LocalResponseNormOp { Channels = channels, Alpha = 0.3f, Beta = 0.6f, K = 1.5f };
            yield return new(op, batch, x);
            yield return new(new LocalResponseNormGradientOp { Forward = op }, batch, x, x) { HasGradient = false };
        }
    }

    private static IEnumerable<OpCase> Permutations()
    {
        yield return new(PermuteOp.Of(1, 2, 0), 3, Each(2, 3, 5)) { Tolerance = Pointwise };
        yield return new(PermuteOp.Of(1, 0), 37, Each(3, 7)) { Tolerance = Pointwise };
        yield return new(PermuteOp.Of(3, 1, 0, 2), 2, Each(2, 3, 4, 5)) { Tolerance = Pointwise };
        yield return new(PermuteOp.Of(1, 0), 1, Once(4, 6)) { Tolerance = Pointwise };
        yield return new(PermuteOp.Of(0), 2, Each(5)) { Tolerance = Pointwise };
    }

    private static IEnumerable<OpCase> Embeddings()
    {
        foreach (var (batch, steps, vocabulary, size) in new[] { (1, 1, 1, 1), (37, 3, 5, 4), (2, 9, 4, 33), (3, 5, 100, 7) })
        {
            yield return new(new EmbeddingOp(), batch, Each(steps), Once(vocabulary, size))
            {
                ClassIndices = (0, vocabulary),
                Differentiable = [1],
                Tolerance = Pointwise,
            };
            yield return new(new EmbeddingGradientOp { Shape = [vocabulary, size] }, batch, Each(steps), Each(steps, size))
            {
                ClassIndices = (0, vocabulary),
                HasGradient = false,
                Tolerance = Pointwise,
            };
        }
    }
}

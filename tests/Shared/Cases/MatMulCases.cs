using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Matrix products and channel sums.</summary>
internal sealed class MatMulCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. MatMuls()];

    private static IEnumerable<OpCase> MatMuls()
    {
        foreach (var (batch, inner, outer) in new[] { (1, 1, 1), (37, 33, 10), (5, 640, 100), (128, 17, 3), (2, 100, 257), (12, 44, 20), (8, 3, 12) })
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
}

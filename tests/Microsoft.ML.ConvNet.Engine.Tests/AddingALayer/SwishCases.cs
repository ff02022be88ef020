namespace Microsoft.ML.ConvNet.Tests.AddingALayer;

internal sealed class SwishCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } =
    [
        new(new SwishOp(), 37, Each(3, 5, 7)) { Tolerance = Pointwise },
        new(new SwishOp { Beta = 0.5f }, 1, Each(33)) { Tolerance = Pointwise },
    ];
}

namespace Microsoft.ML.ConvNet.Tests.Data;

public class ArrayBatchesTests
{
    [Fact]
    public void Samples_are_read_in_any_order()
    {
        var source = new ArrayBatches([0, 1, 10, 11, 20, 21], [2], [5, 6, 7]);
        Assert.Equal(3, source.Count);
        Assert.Equal([1], source.TargetShape);
        var (inputs, targets) = (new float[8], new float[4]);
        source.Read([2, 0, 2, 1], inputs, targets);
        Assert.Equal([20, 21, 0, 1, 20, 21, 10, 11], inputs);
        Assert.Equal([7, 5, 7, 6], targets);
    }

    [Fact]
    public void Targets_may_have_a_shape()
    {
        var source = new ArrayBatches([1, 2], [1], [10, 11, 20, 21], [2]);
        var (inputs, targets) = (new float[1], new float[2]);
        source.Read([1], inputs, targets);
        Assert.Equal(([2f], [20f, 21f]), (inputs, targets), EqualPairs);
    }

    [Theory]
    [InlineData(7, 2, "7 numbers are 1.75 inputs of 2×2, but 2 are 2 targets of 1.")]
    [InlineData(8, 3, "8 numbers are 2 inputs of 2×2, but 3 are 3 targets of 1.")]
    [InlineData(8, 0, "8 numbers are 2 inputs of 2×2, but 0 are 0 targets of 1.")]
    public void Arrays_of_different_numbers_of_samples_are_refused(int inputs, int targets, string message)
        => Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => new ArrayBatches(new float[inputs], [2, 2], new float[targets])).Message, StringComparison.Ordinal);

    [Fact]
    public void There_may_be_no_samples() => Assert.Equal(0, new ArrayBatches([], [2, 2], []).Count);

    private static bool EqualPairs((float[], float[]) a, (float[], float[]) b) => a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2);
}

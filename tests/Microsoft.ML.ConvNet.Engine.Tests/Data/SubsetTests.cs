namespace Microsoft.ML.ConvNet.Tests.Data;

public class SubsetTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void Samples_are_those_of_the_other_source(int length)
    {
        var source = new ArrayBatches([.. Enumerable.Range(0, 1000).Select(i => (float)i)], [1], [.. Enumerable.Range(0, 1000).Select(i => -(float)i)]);
        var indices = Enumerable.Range(0, length).Select(i => 999 - (2 * i)).ToArray();
        var subset = new Subset(source, indices);
        Assert.Equal(length, subset.Count);
        Assert.Equal((source.InputShape, source.TargetShape), (subset.InputShape, subset.TargetShape));
        var (inputs, targets) = (new float[length], new float[length]);
        subset.Read([.. Enumerable.Range(0, length)], inputs, targets);
        Assert.Equal(indices.Select(i => (float)i), inputs);
        Assert.Equal(indices.Select(i => -(float)i), targets);
    }

    [Fact]
    public void A_subset_of_a_subset_maps_twice()
    {
        var source = new ArrayBatches([10, 11, 12, 13], [1], [0, 0, 0, 0]);
        var subset = new Subset(new Subset(source, [3, 1, 0]), [2, 0]);
        var inputs = new float[2];
        subset.Read([0, 1], inputs, new float[2]);
        Assert.Equal([10, 13], inputs);
    }
}

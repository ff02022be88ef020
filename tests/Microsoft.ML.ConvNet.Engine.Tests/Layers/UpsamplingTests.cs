using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Layers;

/// <summary>Upsampling layers: shapes, names, and values that can be seen by eye.</summary>
public class UpsamplingTests
{
    [Fact]
    public void Factors_multiply_extents()
    {
        Assert.Equal([2, 6, 12], Network.Input(2, 3, 4).Upsample((2, 3)).Shape);
        Assert.Equal([2, 8], Network.Input([2, 4]).Upsample1D(2, ResizeMode.Linear).Shape);
        Assert.Equal([2, 6, 4, 10], Network.Input([2, 3, 4, 5]).Upsample3D((2, 1, 2), ResizeMode.Linear, alignCorners: true).Shape);
        Assert.Equal([2, 6, 8], Network.Input(2, 3, 4).BedOfNails(2).Shape);
    }

    [Fact]
    public void Sizes_are_what_they_say()
    {
        Assert.Equal([2, 5, 3], Network.Input(2, 3, 4).Resize((5, 3)).Shape);
        Assert.Equal([2, 9], Network.Input([2, 4]).Resize1D(9).Shape);
        Assert.Equal([2, 1, 2, 3], Network.Input([2, 3, 4, 5]).Resize3D((1, 2, 3)).Shape);
    }

    [Fact]
    public void An_upsampling_is_named_after_what_it_does()
    {
        Assert.Equal("upsample1", Network.Input(2, 3, 4).Upsample(2).Name);
        Assert.Equal("resize1", Network.Input(2, 3, 4).Resize(2).Name);
        Assert.Equal("up", Network.Input(2, 3, 4).Upsample(2, name: "up").Name);
    }

    [Fact]
    public void Nearest_repeats_and_linear_lies_between()
    {
        var x = Network.Input([1, 2]);
        Assert.Equal([1, 1, 5, 5], PoolingTests.Evaluate(x, x.Upsample1D(2), [1, 5]));
        Assert.Equal([1, 2, 4, 5], PoolingTests.Evaluate(x, x.Upsample1D(2, ResizeMode.Linear), [1, 5]));
        Assert.Equal([1, 3, 5], PoolingTests.Evaluate(x, x.Resize1D(3, ResizeMode.Linear, alignCorners: true), [1, 5]));
    }

    [Fact]
    public void A_bed_of_nails_has_its_nails_at_the_top_left()
    {
        var x = Network.Input(1, 2, 2);
        Assert.Equal([1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0], PoolingTests.Evaluate(x, x.BedOfNails(2), [1, 2, 3, 4]));
    }

    [Fact]
    public void Unpooling_puts_back_what_pooling_found()
    {
        var x = Network.Input(1, 2, 4);
        var pooled = x.MaxPool(2);
        Assert.Equal([0, 0, 7, 0, 0, 9, 0, 0], PoolingTests.Evaluate(x, pooled.MaxUnpool(pooled), [1, 2, 7, 3, 4, 9, 5, 6]));
    }

    [Fact]
    public void Values_with_the_same_switch_are_added_up()
    {
        var x = Network.Input([1, 3]);
        var pooled = x.MaxPool1D(2, stride: 1);
        Assert.Equal([0, 10, 0], PoolingTests.Evaluate(x, pooled.MaxUnpool(pooled), [1, 5, 2]));
    }

    [Fact]
    public void A_pixel_shuffle_is_undone_by_its_inverse()
    {
        var x = Network.Input(8, 3, 2);
        Assert.Equal([2, 6, 4], x.PixelShuffle(2).Shape);
        var values = Enumerable.Range(0, 48).Select(i => (double)i).ToArray();
        Assert.Equal(values, PoolingTests.Evaluate(x, x.PixelShuffle(2).PixelUnshuffle(2), values));
    }
}

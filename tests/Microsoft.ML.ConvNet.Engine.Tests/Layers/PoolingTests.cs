using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Layers;

/// <summary>Pooling layers: shapes, defaults, names.</summary>
public class PoolingTests
{
    private static Node Sequence => Network.Input([2, 9], "sequence");

    private static Node Image => Network.Input(2, 7, 9, "image");

    private static Node Block => Network.Input([2, 5, 7, 9], "volume");

    [Fact]
    public void Windows_do_not_overlap_by_default()
    {
        Assert.Equal([2, 3], Sequence.MaxPool1D(3).Shape);
        Assert.Equal([2, 3, 4], Image.MaxPool(2).Shape);
        Assert.Equal([2, 2, 3, 3], Block.MaxPool3D((2, 2, 3)).Shape);
        Assert.Equal([2, 4], Sequence.AveragePool1D(2).Shape);
        Assert.Equal([2, 1, 2, 3], Block.AveragePool3D(3).Shape);
        Assert.Equal([2, 4], Sequence.LpPool1D(2).Shape);
        Assert.Equal([2, 3, 4], Image.LpPool(2).Shape);
        Assert.Equal([2, 2, 3, 4], Block.LpPool3D(2).Shape);
    }

    [Fact]
    public void Ceil_mode_counts_a_last_window_that_starts_inside()
    {
        Assert.Equal([2, 4, 5], Image.MaxPool(2, ceilMode: true).Shape);
        Assert.Equal([2, 5], Sequence.AveragePool1D(2, ceilMode: true).Shape);
        Assert.Equal([2, 3, 4, 5], Block.LpPool3D(2, ceilMode: true).Shape);

        // One that would start in the padding after the input does not count.
        Assert.Equal([1, 2, 2], Network.Input(1, 6, 6).MaxPool(2, stride: 4, padding: 1, ceilMode: true).Shape);

        // A window larger than the input counts.
        Assert.Equal([1, 1, 1], Network.Input(1, 2, 2).MaxPool(3, stride: 2, ceilMode: true).Shape);
    }

    [Fact]
    public void Dilation_spreads_a_window() => Assert.Equal([2, 3, 5], Image.MaxPool(3, stride: 1, dilation: 2).Shape);

    [Fact]
    public void Global_pooling_leaves_one_element_a_channel()
    {
        Assert.Equal([2, 1], Sequence.GlobalMaxPool().Shape);
        Assert.Equal([2, 1, 1], Image.GlobalMaxPool().Shape);
        Assert.Equal([2, 1, 1, 1], Block.GlobalMaxPool().Shape);
        Assert.Equal("globalMaxPool1", Image.GlobalMaxPool().Name);
    }

    [Fact]
    public void Adaptive_pooling_makes_the_size_that_it_is_asked_for()
    {
        Assert.Equal([2, 4], Sequence.AdaptiveAveragePool1D(4).Shape);
        Assert.Equal([2, 3, 11], Image.AdaptiveAveragePool((3, 11)).Shape);
        Assert.Equal([2, 1, 2, 3], Block.AdaptiveAveragePool3D((1, 2, 3)).Shape);
    }

    [Fact]
    public void Adaptive_pooling_to_one_is_the_mean_of_each_channel()
    {
        var x = Network.Input(1, 2, 3);
        Assert.Equal([3.5], Evaluate(x, x.AdaptiveAveragePool(1), [1, 2, 3, 4, 5, 6]), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void A_last_window_of_an_average_divides_by_what_is_there()
    {
        var x = Network.Input([1, 3]);
        Assert.Equal([1.5, 3], Evaluate(x, x.AveragePool1D(2, ceilMode: true), [1, 2, 3]));
    }

    [Fact]
    public void The_largest_power_of_a_window_of_one_is_its_magnitude()
    {
        var x = Network.Input([1, 3]);
        Assert.Equal([1, 2, 3], Evaluate(x, x.LpPool1D(1, power: 1), [1, -2, 3]));
    }

    [Fact]
    public void Switches_take_no_gradient()
    {
        var x = Network.Input(1, 4, 4, "x");
        var y = x.MaxPool(2).MaxUnpool(x.MaxPool(2));
        var loss = new Node(new ReduceOp { Shape = [1], Batched = false }, [y], "loss");

        // Each largest value goes back to where it was, so that the sum of all depends on these alone.
        var gradient = Gradients.Of(loss, [x])[0]!;
        Assert.Equal([0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1], Evaluate(x, gradient, [.. Enumerable.Range(0, 16).Select(i => (double)i)]));
    }

    internal static double[] Evaluate(Node x, Node y, double[] values)
    {
        var interpreter = new Interpreter<double> { Batch = 1 };
        interpreter.Set(x, values);
        return interpreter.Evaluate(y);
    }

    [Fact]
    public void Padding_rules_are_those_of_convolutions()
    {
        // TensorFlow's rule: ⌈7/2⌉ and ⌈8/2⌉ outputs; of the odd sum of 1 along the width the extra element is after.
        var image = Network.Input(2, 7, 8);
        var pooled = image.MaxPool(3, stride: 2, padding: Padding.Same);
        Assert.Equal([2, 4, 4], pooled.Shape);
        var window = ((MaxPoolOp)pooled.Op).Window;
        Assert.Equal((1, 1, 0, 1), (window.Height.Before, window.Height.After, window.Width.Before, window.Width.After));
        Assert.Equal([2, 5, 4], image.AveragePool(3, stride: 2, padding: (2, 1)).Shape);
        Assert.Throws<ShapeException>(() => image.MaxPool(3, padding: Padding.Causal));
    }
}

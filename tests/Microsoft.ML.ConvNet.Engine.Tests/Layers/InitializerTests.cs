namespace Microsoft.ML.ConvNet.Tests.Layers;

public class InitializerTests
{
    private static readonly Shape _shape = [64, 32, 3, 3];

    [Fact]
    public void He_has_variance_2_over_fan_in()
        => AssertNormal(2.0 / (32 * 3 * 3), Draw(Initializer.He, _shape));

    [Fact]
    public void Xavier_has_variance_2_over_the_sum_of_fans()
        => AssertNormal(2.0 / ((32 * 3 * 3) + (64 * 3 * 3)), Draw(Initializer.Xavier, _shape));

    [Fact]
    public void The_fans_of_a_dense_weight_are_its_inputs_and_units()
    {
        AssertNormal(2.0 / 400, Draw(Initializer.He, [100, 400]));
        AssertNormal(2.0 / 500, Draw(Initializer.Xavier, [100, 400]));
    }

    [Fact]
    public void Normal_has_the_given_deviation() => AssertNormal(0.25, Draw(Initializer.Normal(0.5f), _shape));

    [Fact]
    public void Constants_and_values_are_as_given()
    {
        Assert.All(Draw(Initializer.Zeros, [5]), v => Assert.Equal(0, v));
        Assert.All(Draw(Initializer.Ones, [5]), v => Assert.Equal(1, v));
        Assert.All(Draw(Initializer.Constant(-0.5f), [5]), v => Assert.Equal(-0.5f, v));
        Assert.Equal([1, 2, 3, 4], Draw(Initializer.Values(1, 2, 3, 4), [2, 2]));
        Assert.Contains("2×2 takes 4 values; received 3", Assert.Throws<ArgumentException>(() => Draw(Initializer.Values(1, 2, 3), [2, 2])).Message, StringComparison.Ordinal);
    }

    private static float[] Draw(Initializer initializer, Shape shape)
    {
        var values = new float[shape.Length];
        initializer.Fill(shape, 1, values);
        return values;
    }

    // The bounds are four standard errors of each moment.
    private static void AssertNormal(double variance, float[] values)
    {
        var mean = values.Average(v => (double)v);
        Assert.InRange(mean, -4 * Math.Sqrt(variance / values.Length), 4 * Math.Sqrt(variance / values.Length));
        var measured = values.Average(v => (v - mean) * (v - mean));
        Assert.InRange(measured / variance, 1 - (4 * Math.Sqrt(2.0 / values.Length)), 1 + (4 * Math.Sqrt(2.0 / values.Length)));
        var kurtosis = values.Average(v => Math.Pow(v - mean, 4)) / (measured * measured);
        Assert.InRange(kurtosis, 3 - (4 * Math.Sqrt(24.0 / values.Length)), 3 + (4 * Math.Sqrt(24.0 / values.Length)));
    }
}

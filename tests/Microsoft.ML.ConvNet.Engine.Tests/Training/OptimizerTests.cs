using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Training;

public class OptimizerTests
{
    [Fact]
    public void Defaults_are_those_of_the_literature()
    {
        Assert.Equal(new SgdOp { Momentum = 0.9f }, Optimizer.Sgd());
        Assert.Equal(new AdamOp { Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f }, Optimizer.Adam());
        Assert.Equal(new AdamOp { WeightDecay = 0.01f, Decoupled = true }, Optimizer.AdamW());
        Assert.Equal([0, 1, 2], new[] { Optimizer.Sgd(0), Optimizer.Sgd(), Optimizer.Adam() }.Select(o => o.Moments));
    }

    [Theory]
    [InlineData(-0.1f, false, 0, "momentum must be at least 0 and below 1.")]
    [InlineData(1, false, 0, "momentum must be at least 0 and below 1.")]
    [InlineData(float.NaN, false, 0, "momentum must be at least 0 and below 1.")]
    [InlineData(0.9f, false, -1, "weightDecay must be at least 0.")]
    [InlineData(0.9f, false, float.NaN, "weightDecay must be at least 0.")]
    [InlineData(0, true, 0, "momentum must be above 0 with Nesterov's momentum.")]
    public void Sgd_with_numbers_out_of_range_is_refused(float momentum, bool nesterov, float decay, string message)
        => Assert.StartsWith(message, Assert.Throws<ArgumentOutOfRangeException>(() => Optimizer.Sgd(momentum, nesterov, decay)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(-0.1f, 0.9f, 1e-8f, 0, "beta1 must be at least 0 and below 1.")]
    [InlineData(1, 0.9f, 1e-8f, 0, "beta1 must be at least 0 and below 1.")]
    [InlineData(0.9f, 1, 1e-8f, 0, "beta2 must be at least 0 and below 1.")]
    [InlineData(0.9f, 0.9f, 0, 0, "epsilon must be above 0.")]
    [InlineData(0.9f, 0.9f, 1e-8f, -1, "weightDecay must be at least 0.")]
    public void Adam_with_numbers_out_of_range_is_refused(float beta1, float beta2, float epsilon, float decay, string message)
    {
        Assert.StartsWith(message, Assert.Throws<ArgumentOutOfRangeException>(() => Optimizer.Adam(beta1, beta2, epsilon, decay)).Message, StringComparison.Ordinal);
        Assert.StartsWith(message, Assert.Throws<ArgumentOutOfRangeException>(() => Optimizer.AdamW(beta1, beta2, epsilon, decay)).Message, StringComparison.Ordinal);
    }
}

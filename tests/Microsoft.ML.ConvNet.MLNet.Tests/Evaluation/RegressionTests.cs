namespace Microsoft.ML.ConvNet.Tests;

public class RegressionTests
{
    private readonly MLContext _context = new(1);

    [Fact]
    public void Errors_are_as_by_hand()
    {
        var metrics = _context.Regression.Evaluate(_context.Data.LoadFromEnumerable(new[]
        {
            new { Label = 1f, Score = 2f },
            new { Label = 2f, Score = 2f },
            new { Label = 6f, Score = 4f },
            new { Label = float.NaN, Score = 4f },
        }));

        Assert.Equal(1, metrics.MeanAbsoluteError, 10);
        Assert.Equal(5.0 / 3, metrics.MeanSquaredError, 10);
        Assert.Equal(Math.Sqrt(5.0 / 3), metrics.RootMeanSquaredError, 10);
        Assert.Equal(5.0 / 3, metrics.LossFunction, 10);
        Assert.Equal(1 - 5.0 / 14, metrics.RSquared, 10);
    }

    [Fact]
    public void Labels_must_be_numbers() => Assert.Throws<ArgumentOutOfRangeException>(() =>
        _context.Regression.Evaluate(_context.Data.LoadFromEnumerable(new[] { new { Label = "one", Score = 2f } })));
}

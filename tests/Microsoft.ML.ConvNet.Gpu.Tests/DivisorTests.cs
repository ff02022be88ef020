using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Division by multiplication and shift is exact.</summary>
public class DivisorTests
{
    [Fact]
    public void Quotients_and_rests_are_exact()
    {
        int[] near = [.. Enumerable.Range(1, 300), .. Enumerable.Range(8, 23).SelectMany(bits => new[] { (1 << bits) - 1, 1 << bits, (1 << bits) + 1 }), int.MaxValue - 1, int.MaxValue];
        int[] drawn = [.. Enumerable.Range(0, 500).Select(i => 1 + (int)(CounterRandom.Uniform(9, (uint)i) * (int.MaxValue - 1.0)))];
        foreach (var value in near.Concat(drawn))
        {
            Divisor divisor = value;
            foreach (var dividend in new[] { 0, 1, value - 1, value, int.MaxValue / value * value, (int.MaxValue / value * value) - 1, int.MaxValue }.Concat(drawn.Take(20)))
            {
                Assert.True(dividend / divisor == dividend / value, $"{dividend} / {value} is {dividend / value}, not {dividend / divisor}");
                Assert.Equal(dividend % value, dividend % divisor);
            }
        }
    }

    [Fact]
    public void What_is_not_positive_divides_nothing() => Assert.Throws<ArgumentOutOfRangeException>(() => (Divisor)0);
}

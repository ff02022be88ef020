using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class SumsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(16385)]
    [InlineData(200_003)]
    public void A_sum_matches(int count)
    {
        using var x = Floats.Random(count, 1, 0f, 1f);
        using var sum = Pools.SameOnAll(pool =>
        {
            var result = new Floats(1);
            result[0] = Sums.Sum(pool, x, count);
            return result;
        });
        var expected = 0.0;
        foreach (var value in x.Span)
            expected += value;
        sum.AssertClose(_ => expected, 1e-6);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 10, 1)]
    [InlineData(1000, 130, 1)]
    [InlineData(20000, 3, 1)]
    [InlineData(3, 4, 49)]
    [InlineData(7, 20, 2)]
    [InlineData(9, 2, 5000)]
    public void Sums_of_channels_match(int batch, int channels, int inner)
    {
        var shape = new ChannelShape(batch, channels, inner);
        using var x = Floats.Random(shape.Count, 1);
        using var sums = Pools.SameOnAll(pool =>
        {
            var result = new Floats(channels);
            Sums.PerChannel(pool, x, shape, result);
            return result;
        });
        var expected = new double[channels];
        for (nint i = 0; i < shape.Count; i++)
            expected[i / inner % channels] += x[i];
        sums.AssertClose(c => expected[c], 1e-5);
    }
}

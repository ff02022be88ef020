using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class BatchNormTests
{
    private const float Epsilon = 1e-5f;

    [Theory]
    [InlineData(16, 3, 1)]
    [InlineData(64, 100, 1)]
    [InlineData(5, 3, 7)]
    [InlineData(8, 4, 64)]
    [InlineData(3, 17, 49)]
    [InlineData(40, 2, 3000)]
    public void Statistics_values_and_gradients_match(int batch, int channels, int inner)
    {
        var shape = new ChannelShape(batch, channels, inner);
        var count = (double)batch * inner;
        using var x = Floats.Random(shape.Count, 1, 100f - 1.7f, 100f + 1.7f);
        using var dY = Floats.Random(shape.Count, 2);
        using var gamma = Floats.Random(channels, 3, 0.5f, 2f);
        using var beta = Floats.Random(channels, 4);

        var mean = new double[channels];
        var variance = new double[channels];
        var sums = new double[channels];
        var products = new double[channels];
        ForEach((i, c) => mean[c] += x[i] / count);
        ForEach((i, c) => variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / count);
        double Normalized(nint i, nint c) => (x[i] - mean[c]) / Math.Sqrt(variance[c] + Epsilon);
        ForEach((i, c) => sums[c] += dY[i]);
        ForEach((i, c) => products[c] += dY[i] * Normalized(i, c));

        using var statistics = Pools.SameOnAll(pool =>
        {
            var result = new Floats(2 * channels);
            BatchNorm.Statistics(pool, x, shape, result, result.Pointer + channels);
            return result;
        });
        var (batchMean, batchVariance) = ((nint)statistics.Pointer, (nint)(statistics.Pointer + channels));
        for (var c = 0; c < channels; c++)
        {
            Assert.True(Math.Abs(statistics[c] - mean[c]) <= 1e-6 * mean[c]);
            Assert.True(Math.Abs(statistics[channels + c] - variance[c]) <= 1e-5 * variance[c]);
        }

        using var y = Pools.SameOnAll(pool =>
        {
            var inPlace = x.Copy();
            BatchNorm.Normalize(pool, inPlace, shape, (float*)batchMean, (float*)batchVariance, gamma, beta, Epsilon, inPlace);
            return inPlace;
        });

        // A float mean near 100 is off by up to 4e-6 itself, and small batches divide that by small deviations.
        y.AssertClose(i => (Normalized(i, i / inner % channels) * gamma[i / inner % channels]) + beta[i / inner % channels], 1e-4);

        using var gradients = Pools.SameOnAll(pool =>
        {
            var result = new Floats(2 * channels);
            BatchNorm.ParameterGradients(pool, x, dY, shape, (float*)batchMean, (float*)batchVariance, Epsilon, result, result.Pointer + channels);
            return result;
        });
        gradients.AssertClose(i => i < channels ? products[i] : sums[i - channels], 1e-4);

        using var dX = Pools.SameOnAll(pool =>
        {
            var inPlace = dY.Copy();
            BatchNorm.InputGradient(
                pool, x, inPlace, shape, (float*)batchMean, (float*)batchVariance, gamma, Epsilon,
                gradients, gradients.Pointer + channels, inPlace);
            return inPlace;
        });
        dX.AssertClose(
            i =>
            {
                var c = i / inner % channels;
                return gamma[c] / Math.Sqrt(variance[c] + Epsilon) * (dY[i] - (sums[c] / count) - (Normalized(i, c) * products[c] / count));
            },
            1e-4);

        void ForEach(Action<nint, nint> action)
        {
            for (nint i = 0; i < shape.Count; i++)
                action(i, i / inner % channels);
        }
    }
}

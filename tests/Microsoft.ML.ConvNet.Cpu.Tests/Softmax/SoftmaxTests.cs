using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class SoftmaxTests
{
    public static readonly TheoryData<int, int, int> Shapes = new()
    {
        { 1, 1, 1 }, { 7, 10, 1 }, { 3, 16, 1 }, { 2, 1000, 1 }, { 5, 33, 1 }, { 2, 4, 9 }, { 3, 21, 64 }, { 1, 2, 100 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Values_and_gradients_match(int batch, int channels, int inner)
    {
        var shape = new ChannelShape(batch, channels, inner);
        using var x = Floats.Random(shape.Count, 1, -60f, 60f);
        using var dY = Floats.Random(shape.Count, 2);
        var expected = Reference(x, shape);

        using var y = Pools.SameOnAll(pool =>
        {
            var inPlace = x.Copy();
            Softmax.Forward(pool, inPlace, shape, inPlace);
            return inPlace;
        });
        y.AssertClose(i => expected[i], 1e-6);

        using var dX = Pools.SameOnAll(pool =>
        {
            var inPlace = dY.Copy();
            Softmax.Backward(pool, y, inPlace, shape, inPlace);
            return inPlace;
        });
        dX.AssertClose(
            i =>
            {
                var first = (i / inner / channels * channels * inner) + (i % inner);
                var sum = 0.0;
                for (var c = 0; c < channels; c++)
                    sum += dY[first + (c * inner)] * expected[first + (c * inner)];
                return expected[i] * (dY[i] - sum);
            },
            1e-5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Cross_entropy_matches(int batch, int channels, int inner)
    {
        var shape = new ChannelShape(batch, channels, inner);
        var positions = (nint)batch * inner;
        using var x = Floats.Random(shape.Count, 1, -60f, 60f);
        using var targets = Floats.Random(positions, 2, 0f, channels - 0.001f);
        foreach (ref var target in targets.Span)
            target = MathF.Floor(target);
        using var dLosses = Floats.Random(positions, 3);
        var probabilities = Reference(x, shape);
        nint At(nint position, nint channel) => (((position / inner * channels) + channel) * inner) + (position % inner);

        using var p = new Floats(shape.Count);
        Softmax.Forward(Pools.One, x, shape, p);
        using var losses = Pools.SameOnAll(pool =>
        {
            var result = new Floats(positions);
            SoftmaxCrossEntropy.Losses(pool, x, targets, p, shape, result);
            return result;
        });
        losses.AssertClose(i => -Math.Log(probabilities[At(i, (nint)targets[i])]), 1e-5);

        using var dX = Pools.SameOnAll(pool =>
        {
            var inPlace = p.Copy();
            SoftmaxCrossEntropy.Gradient(pool, inPlace, targets, dLosses, shape, inPlace);
            return inPlace;
        });
        dX.AssertClose(
            i =>
            {
                var (position, channel) = ((i / inner / channels * inner) + (i % inner), i / inner % channels);
                return dLosses[position] * (probabilities[i] - ((nint)targets[position] == channel ? 1 : 0));
            },
            1e-5);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(3f)]
    [InlineData(float.NaN)]
    public void A_class_that_does_not_exist_is_named(float target)
    {
        using var x = new Floats(3);
        using var targets = new Floats(1);
        using var losses = new Floats(1);
        targets[0] = target;
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(
            () => SoftmaxCrossEntropy.Losses(Pools.One, x, targets, x, new ChannelShape(1, 3, 1), losses));
        Assert.Contains("below 3", thrown.Message, StringComparison.Ordinal);
    }

    private static double[] Reference(Floats x, ChannelShape shape)
    {
        var (channels, inner) = (shape.Channels, shape.Inner);
        var y = new double[shape.Count];
        for (nint position = 0; position < shape.Batch * inner; position++)
        {
            var first = (position / inner * channels * inner) + (position % inner);
            double max = double.NegativeInfinity, sum = 0;
            for (var c = 0; c < channels; c++)
                max = Math.Max(max, x[first + (c * inner)]);
            for (var c = 0; c < channels; c++)
                sum += Math.Exp(x[first + (c * inner)] - max);
            for (var c = 0; c < channels; c++)
                y[first + (c * inner)] = Math.Exp(x[first + (c * inner)] - max) / sum;
        }

        return y;
    }
}

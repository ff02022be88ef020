using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class PointwiseTests
{
    public static readonly TheoryData<int> Counts = [0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 100, 16384, 50_003];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Unary_functions_match(int count)
    {
        Check(count, default(Relu), x => Math.Max(0, x));
        Check(count, new LeakyRelu(0.2f), x => x > 0 ? x : 0.2f * (double)x);
        Check(count, default(Sigmoid), x => 1 / (1 + Math.Exp(-x)));
        Check(count, default(Tanh), Math.Tanh);
        Check(count, default(Exp), Math.Exp);
        Check(count, default(Abs), Math.Abs);
        Check(count, default(Negate), x => -x);
        Check(count, new Scale(3f), x => 3 * x);
        Check(count, new Shift(3f), x => 3 + x);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Binary_functions_match(int count)
    {
        Check(count, default(Add), (a, b) => a + b);
        Check(count, default(Subtract), (a, b) => a - b);
        Check(count, default(Multiply), (a, b) => a * b);
        Check(count, new Axpy(0.3f), (a, b) => a + (0.3f * b));
        Check(count, default(ReluGradient), (y, d) => y > 0 ? d : 0);
        Check(count, new LeakyReluGradient(0.2f), (y, d) => y > 0 ? d : 0.2f * d);
        Check(count, default(SigmoidGradient), (y, d) => d * y * (1 - y));
        Check(count, default(TanhGradient), (y, d) => d * (1 - (y * y)));
    }

    [Fact]
    public void Square_roots_logarithms_and_quotients_match()
    {
        using var x = Floats.Random(99, 1, 0.5f, 2f);
        using var y = new Floats(99);
        Pointwise.Map(x, y, 99, default(Sqrt));
        y.AssertClose(i => Math.Sqrt(x[i]), 1e-6);
        Pointwise.Map(x, y, 99, default(Log));
        y.AssertClose(i => Math.Log(x[i]), 1e-6);
        Pointwise.Map(y, x, y, 99, default(Divide));
        y.AssertClose(i => Math.Log(x[i]) / x[i], 1e-6);
        Pointwise.MapScalar(x, 2f, y, 99, default(Divide));
        y.AssertClose(i => x[i] / 2, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Fill_and_AddScaled_match(int count)
    {
        using var x = Floats.Random(count, 1);
        using var y = new Floats(count);
        Pointwise.Fill(Pools.Two, y, count, 2f);
        Pointwise.AddScaled(Pools.Two, 0.5f, x, y, count);
        y.AssertClose(i => 2 + (0.5 * x[i]), 1e-6);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 10, 1)]
    [InlineData(2, 16, 1)]
    [InlineData(5, 100, 1)]
    [InlineData(2, 3, 49)]
    [InlineData(2, 70, 16)]
    [InlineData(3, 5, 9000)]
    public void A_channel_is_broadcast(int batch, int channels, int inner)
    {
        var shape = new ChannelShape(batch, channels, inner);
        using var x = Floats.Random(shape.Count, 1);
        using var bias = Floats.Random(channels, 2);
        using var y = Pools.SameOnAll(pool =>
        {
            var inPlace = x.Copy();
            ChannelPointwise.Map(pool, inPlace, bias, inPlace, shape, default(Add));
            return inPlace;
        });
        y.AssertClose(i => x[i] + bias[i / inner % channels], 1e-6);
    }

    private static void Check<F>(int count, F function, Func<double, double> reference)
        where F : struct, IUnaryFunction
    {
        using var x = Floats.Random(count, 1, -3f, 3f);
        using var y = Pools.SameOnAll(pool =>
        {
            var result = new Floats(count);
            Pointwise.Map(pool, x, result, count, function);
            return result;
        });
        y.AssertClose(i => reference(x[i]), 1e-6);

        using var inPlace = x.Copy();
        Pointwise.Map(inPlace, inPlace, count, function);
        inPlace.AssertSameBits(y);
    }

    private static void Check<F>(int count, F function, Func<double, double, double> reference)
        where F : struct, IBinaryFunction
    {
        using var a = Floats.Random(count, 1);
        using var b = Floats.Random(count, 2);
        using var y = Pools.SameOnAll(pool =>
        {
            var result = new Floats(count);
            Pointwise.Map(pool, a, b, result, count, function);
            return result;
        });
        y.AssertClose(i => reference(a[i], b[i]), 1e-6);

        using var first = a.Copy();
        Pointwise.Map(first, b, first, count, function);
        first.AssertSameBits(y);
        using var second = b.Copy();
        Pointwise.Map(a, second, second, count, function);
        second.AssertSameBits(y);
    }
}

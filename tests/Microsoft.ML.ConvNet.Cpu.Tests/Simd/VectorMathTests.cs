using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class VectorMathTests
{
    [Fact]
    public void Exp_is_accurate() => CheckRelative(default(Exp), Math.Exp, -87f, 88.7f, 2e-7);

    [Fact]
    public void Exp_of_small_results_is_accurate_to_a_subnormal()
    {
        using var x = Floats.Random(1000, 1, -110f, -86f);
        using var y = new Floats(1000);
        Pointwise.Map(x, y, 1000, default(Exp));
        for (var i = 0; i < 1000; i++)
            Assert.True(Math.Abs(y[i] - Math.Exp(x[i])) <= 3e-45 + (2e-7 * Math.Exp(x[i])));
    }

    [Fact]
    public void Log_is_accurate()
    {
        CheckRelative(default(Log), x => Math.Log(x), 1e-30f, 1e-3f, 2e-7);
        CheckRelative(default(Log), x => Math.Log(x), 2f, 1e30f, 2e-7);
        CheckAbsolute(default(Log), x => Math.Log(x), 0.3f, 3f, 1.5e-7);
        CheckRelative(default(Log), x => Math.Log(x), 1e-44f, 1e-39f, 2e-7);
    }

    [Fact]
    public void Sigmoid_is_accurate() => CheckAbsolute(default(Sigmoid), x => 1 / (1 + Math.Exp(-x)), -100f, 100f, 2e-7);

    [Fact]
    public void Tanh_is_accurate()
    {
        CheckAbsolute(default(Tanh), Math.Tanh, -20f, 20f, 3e-7);
        CheckRelative(default(Tanh), Math.Tanh, -0.6f, 0.6f, 1e-6);
        CheckRelative(default(Tanh), Math.Tanh, -1e-5f, 1e-5f, 2e-7);
    }

    [Fact]
    public void Ends_and_NaN_are_right()
    {
        float[] ends = [float.NegativeInfinity, -1e30f, -0f, 0f, 1e30f, float.PositiveInfinity, float.NaN];
        Check(default(Exp), 0f, 0f, 1f, 1f, float.PositiveInfinity, float.PositiveInfinity, float.NaN);
        Check(default(Sigmoid), 0f, 0f, 0.5f, 0.5f, 1f, 1f, float.NaN);
        Check(default(Tanh), -1f, -1f, 0f, 0f, 1f, 1f, float.NaN);
        Check(default(Log), float.NaN, float.NaN, float.NegativeInfinity, float.NegativeInfinity, MathF.Log(1e30f), float.PositiveInfinity, float.NaN);
        Check(default(Relu), 0f, 0f, 0f, 0f, 1e30f, float.PositiveInfinity, float.NaN);

        void Check<F>(F function, params float[] expected)
            where F : struct, IUnaryFunction
        {
            using var x = new Floats(ends.Length);
            ends.CopyTo(x.Span);
            Pointwise.Map(x, x, x.Count, function);
            Assert.Equal(expected, x.Span.ToArray());
        }
    }

    [Fact]
    public void The_peak_is_a_speed() => Assert.InRange(FmaPeak.Measure(runs: 2), 0.1, 10_000);

    private static void CheckRelative<F>(F function, Func<double, double> reference, float low, float high, double tolerance)
        where F : struct, IUnaryFunction => Check(function, reference, low, high, (error, value) => error <= tolerance * Math.Abs(value));

    private static void CheckAbsolute<F>(F function, Func<double, double> reference, float low, float high, double tolerance)
        where F : struct, IUnaryFunction => Check(function, reference, low, high, (error, _) => error <= tolerance);

    private static void Check<F>(F function, Func<double, double> reference, float low, float high, Func<double, double, bool> accept)
        where F : struct, IUnaryFunction
    {
        using var x = Floats.Random(20_001, 1, low, high);
        using var y = new Floats(x.Count);
        Pointwise.Map(x, y, x.Count, function);
        y.CheckGuards();
        for (nint i = 0; i < x.Count; i++)
        {
            var want = reference(x[i]);
            Assert.True(accept(Math.Abs(y[i] - want), want), $"f({x[i]:R}) = {y[i]:R}, expected {want:R}.");
        }
    }
}

using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class OptimizersTests
{
    private const int Count = 40_005;
    private const int Steps = 4;

    private delegate void Step(WorkerPool pool, Floats p, Floats g, Floats m, Floats v, int t);

    private delegate double Reference(double p, double g, ref double m, ref double v, int t);

    [Fact]
    public void Sgd_matches() => Check(
        (pool, p, g, _, _, _) => Optimizers.Sgd(pool, p, g, Count, 0.1f, 0.01f),
        (double p, double g, ref double _, ref double _, int _) => p - (0.1 * (g + (0.01 * p))));

    [Fact]
    public void Momentum_matches() => Check(
        (pool, p, g, m, _, _) => Optimizers.SgdMomentum(pool, p, g, m, Count, 0.1f, 0.9f, 0.01f),
        (double p, double g, ref double m, ref double _, int _) =>
        {
            m = (0.9 * m) + g + (0.01 * p);
            return p - (0.1 * m);
        });

    [Fact]
    public void Nesterov_matches() => Check(
        (pool, p, g, m, _, _) => Optimizers.SgdNesterov(pool, p, g, m, Count, 0.1f, 0.9f, 0.01f),
        (double p, double g, ref double m, ref double _, int _) =>
        {
            g += 0.01 * p;
            m = (0.9 * m) + g;
            return p - (0.1 * (g + (0.9 * m)));
        });

    [Fact]
    public void Adam_matches() => Check(
        (pool, p, g, m, v, t) => Optimizers.Adam(pool, p, g, m, v, Count, AdamStepAt(t)),
        (double p, double g, ref double m, ref double v, int t) => p - AdamUpdate(g + (0.01 * p), ref m, ref v, t));

    [Fact]
    public void AdamW_matches() => Check(
        (pool, p, g, m, v, t) => Optimizers.AdamW(pool, p, g, m, v, Count, AdamStepAt(t)),
        (double p, double g, ref double m, ref double v, int t) => (p * (1 - (0.01 * 0.01))) - AdamUpdate(g, ref m, ref v, t));

    private static AdamStep AdamStepAt(int t) =>
        new(0.01f, 0.9f, 0.999f, 1e-8f, 0.01f, (float)(1 - Math.Pow(0.9, t)), (float)(1 - Math.Pow(0.999, t)));

    private static double AdamUpdate(double g, ref double m, ref double v, int t)
    {
        m = (0.9 * m) + (0.1 * g);
        v = (0.999 * v) + (0.001 * g * g);
        return 0.01 * (m / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v / (1 - Math.Pow(0.999, t))) + 1e-8);
    }

    private static void Check(Step step, Reference reference)
    {
        using var start = Floats.Random(Count, 1);
        using var p = Pools.SameOnAll(pool =>
        {
            var parameters = start.Copy();
            using var m = new Floats(Count);
            using var v = new Floats(Count);
            for (var t = 1; t <= Steps; t++)
            {
                using var g = Floats.Random(Count, 10 + t);
                step(pool, parameters, g, m, v, t);
                m.CheckGuards();
                v.CheckGuards();
            }

            return parameters;
        });

        var expected = new double[Count];
        var first = new double[Count];
        var second = new double[Count];
        for (var i = 0; i < Count; i++)
            expected[i] = start[i];
        for (var t = 1; t <= Steps; t++)
        {
            using var g = Floats.Random(Count, 10 + t);
            for (var i = 0; i < Count; i++)
                expected[i] = reference(expected[i], g[i], ref first[i], ref second[i], t);
        }

        p.AssertClose(i => expected[i], 1e-5);
    }
}

using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class PoolTests
{
    private const int Planes = 5;

    private static readonly WindowGeometry[] Geometries =
    [
        new(2, 2, 1, 1, 2, 2, 2, 2),
        new(4, 6, 2, 3, 2, 2, 2, 2),
        new(5, 7, 2, 3, 2, 2, 2, 2),
        new(24, 24, 12, 12, 2, 2, 2, 2),
        new(6, 66, 3, 33, 2, 2, 2, 2),
        new(8, 33, 4, 16, 2, 2, 2, 2),
        new(3, 130, 1, 65, 2, 2, 2, 2),
        new(7, 7, 4, 4, 3, 3, 2, 2, 1, 1),
        new(6, 6, 4, 4, 3, 3),
        new(9, 8, 3, 2, 3, 4, 3, 4),
        new(9, 9, 5, 5, 3, 3, 1, 1, DilationY: 2, DilationX: 2),
        new(5, 5, 3, 3, 2, 2, 2, 2),
    ];

    public static readonly TheoryData<int> Cases = [.. Enumerable.Range(0, Geometries.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Max_pool_and_its_gradient_match_with_ties_and_NaN(int index)
    {
        var g = Geometries[index];
        foreach (var withNaN in new[] { false, true })
        {
            // Few distinct values: ties everywhere.
            using var x = Floats.Random(Planes * g.PlaneSize, 1);
            foreach (ref var value in x.Span)
                value = withNaN && value > 0.8f ? float.NaN : MathF.Round(value * 3);
            using var dY = Floats.Random(Planes * g.OutputSize, 2);

            var expected = new double[Planes * g.OutputSize];
            var expectedGradient = new double[x.Count];
            for (nint i = 0; i < expected.Length; i++)
            {
                var winner = (nint)(-1);
                foreach (var at in Window(i, g))
                {
                    if (winner < 0 || x[at] > x[winner] || float.IsNaN(x[at]))
                        winner = at;
                }

                expected[i] = x[winner];
                expectedGradient[winner] += dY[i];
            }

            using var y = Pools.SameOnAll(pool =>
            {
                var result = new Floats(Planes * g.OutputSize);
                MaxPool.Forward(pool, x, Planes, g, result);
                return result;
            });
            y.CheckGuards();
            Assert.Equal(expected, y.Span.ToArray().Select(value => (double)value));

            using var dX = Pools.SameOnAll(pool =>
            {
                var result = Floats.Random(x.Count, 3);
                MaxPool.Backward(pool, x, dY, Planes, g, result);
                return result;
            });
            dX.AssertClose(i => expectedGradient[i], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Average_pool_and_its_gradient_match(int index)
    {
        var g = Geometries[index];
        foreach (var divisor in new[] { AverageDivisor.Kernel, AverageDivisor.Inside })
        {
            using var x = Floats.Random(Planes * g.PlaneSize, 1);
            using var dY = Floats.Random(Planes * g.OutputSize, 2);
            var expected = new double[Planes * g.OutputSize];
            var expectedGradient = new double[x.Count];
            for (nint i = 0; i < expected.Length; i++)
            {
                var window = Window(i, g).ToArray();
                double share = divisor == AverageDivisor.Kernel ? g.KernelSize : window.Length;
                foreach (var at in window)
                {
                    expected[i] += x[at] / share;
                    expectedGradient[at] += dY[i] / share;
                }
            }

            using var y = Pools.SameOnAll(pool =>
            {
                var result = new Floats(Planes * g.OutputSize);
                AveragePool.Forward(pool, x, Planes, g, divisor, result);
                return result;
            });
            y.AssertClose(i => expected[i], 1e-6);

            using var dX = Pools.SameOnAll(pool =>
            {
                var result = Floats.Random(x.Count, 3);
                AveragePool.Backward(pool, dY, Planes, g, divisor, result);
                return result;
            });
            dX.AssertClose(i => expectedGradient[i], 1e-6);
        }
    }

    private static IEnumerable<nint> Window(nint output, WindowGeometry g)
    {
        var plane = output / g.OutputSize;
        for (var ky = 0; ky < g.KernelHeight; ky++)
        {
            for (var kx = 0; kx < g.KernelWidth; kx++)
            {
                var y = (output / g.OutputWidth % g.OutputHeight * g.StrideY) + (ky * g.DilationY) - g.PaddingTop;
                var x = (output % g.OutputWidth * g.StrideX) + (kx * g.DilationX) - g.PaddingLeft;
                if (y >= 0 && x >= 0 && y < g.Height && x < g.Width)
                    yield return (plane * g.PlaneSize) + (y * g.Width) + x;
            }
        }
    }
}

using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class PoolTests
{
    private const int Planes = 5;

    private static readonly PoolGeometry[] Geometries =
    [
        Plane(2, 2, new(2, 2), new(2, 2)),
        Plane(4, 6, new(2, 2), new(2, 2)),
        Plane(5, 7, new(2, 2), new(2, 2)),
        Plane(24, 24, new(2, 2), new(2, 2)),
        Plane(6, 66, new(2, 2), new(2, 2)),
        Plane(8, 33, new(2, 2), new(2, 2)),
        Plane(3, 130, new(2, 2), new(2, 2)),
        Plane(7, 7, new(3, 2, 1, 1), new(3, 2, 1, 1)),
        Plane(6, 6, new(3), new(3)),
        Plane(9, 8, new(3, 3), new(4, 4)),
        Plane(9, 9, new(3, Dilation: 2), new(3, Dilation: 2)),
        Plane(5, 5, new(2, 2, 0, 1), new(2, 2, 0, 1)),
        Plane(9, 133, new(3, 2, 1, 1), new(3, 2, 1, 1)),
        Plane(4, 100, new(3, 1, 1, 1), new(3, 1, 1, 1)),
        Plane(7, 7, new(7), new(7)),
        Plane(1, 1, new(1), new(1)),
        new(Axis(5, new(2, 2, 1, 1)), Axis(6, new(3, 2)), Axis(70, new(3, 2, 1, 1))),
        new(Axis(3, new(3)), Axis(4, new(4)), Axis(6, new(6))),
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
            var expectedSwitches = new double[expected.Length];
            for (nint i = 0; i < expected.Length; i++)
            {
                nint winner = -1;
                foreach (var at in Window(i, g))
                {
                    if (winner < 0 || x[at] > x[winner] || float.IsNaN(x[at]))
                        winner = at;
                }

                expected[i] = x[winner];
                expectedSwitches[i] = winner % g.PlaneSize;
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

            using var switches = Pools.SameOnAll(pool =>
            {
                var result = new Floats(Planes * g.OutputSize);
                MaxPool.Switches(pool, x, Planes, g, result);
                return result;
            });
            switches.AssertClose(i => expectedSwitches[i], 0);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Average_pool_and_its_gradient_match(int index)
    {
        var g = Geometries[index];
        foreach (var countPadding in new[] { true, false })
        {
            var op = new AveragePoolOp { Window = new Window(g.Depth.Window, g.Height.Window, g.Width.Window), CountPadding = countPadding };
            var maps = AveragePool.Maps(op, g);
            using var x = Floats.Random(Planes * g.PlaneSize, 1);
            using var dY = Floats.Random(Planes * g.OutputSize, 2);
            var expected = new double[Planes * g.OutputSize];
            var expectedGradient = new double[x.Count];
            for (nint i = 0; i < expected.Length; i++)
            {
                var window = Window(i, g).ToArray();
                double share = countPadding ? g.Taps : window.Length;
                foreach (var at in window)
                {
                    expected[i] += x[at] / share;
                    expectedGradient[at] += dY[i] / share;
                }
            }

            using var y = Pools.SameOnAll(pool =>
            {
                var result = new Floats(Planes * g.OutputSize);
                AveragePool.Forward(pool, x, Planes, g, new Resample(maps), result);
                return result;
            });
            y.AssertClose(i => expected[i], 1e-6);

            using var dX = Pools.SameOnAll(pool =>
            {
                var result = Floats.Random(x.Count, 3);
                new Resample([.. maps.Select(m => m.Transpose())]).Run(pool, dY, Planes, result);
                return result;
            });
            dX.AssertClose(i => expectedGradient[i], 1e-6);
        }
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(4f)]
    [InlineData(float.NaN)]
    public void A_switch_outside_of_its_plane_is_an_error_and_no_write(float place)
    {
        using var x = Floats.Random(1, 1);
        using var switches = new Floats(1);
        switches[0] = place;
        using var y = new Floats(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => MaxUnpool.Forward(Pools.One, x, switches, 1, 1, 4, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => MaxUnpool.Backward(Pools.One, y, switches, 1, 1, 4, x));
        y.CheckGuards();
    }

    [Fact]
    public void A_maximum_of_minus_infinity_is_where_its_window_starts()
    {
        var g = new PoolGeometry(Axis(1, new(1)), Axis(3, new(3, 2, 1, 1)), Axis(5, new(3, 2, 1, 1)));
        using var x = new Floats(g.PlaneSize);
        x.Span.Fill(float.NegativeInfinity);
        using var switches = new Floats(g.OutputSize);
        MaxPool.Switches(Pools.One, x, 1, g, switches);
        Assert.Equal([0, 1, 3, 5, 6, 8], switches.Span.ToArray());
        using var y = new Floats(g.OutputSize);
        MaxPool.Forward(Pools.One, x, 1, g, y);
        Assert.All(y.Span.ToArray(), value => Assert.Equal(float.NegativeInfinity, value));
    }

    private static PoolGeometry Plane(int height, int width, WindowAxis alongHeight, WindowAxis alongWidth)
        => new(Axis(1, new(1)), Axis(height, alongHeight), Axis(width, alongWidth));

    private static PoolAxis Axis(int size, WindowAxis window) => new(window, size, window.Outputs(size));

    private static IEnumerable<nint> Window(nint output, PoolGeometry g)
    {
        var plane = output / g.OutputSize;
        var place = (int)(output % g.OutputSize);
        var (oz, oy, ox) = (place / g.Width.Outputs / g.Height.Outputs, place / g.Width.Outputs % g.Height.Outputs, place % g.Width.Outputs);
        for (var tap = 0; tap < g.Taps; tap++)
        {
            var z = g.Depth.Window.Input(oz, tap / g.Width.Window.Size / g.Height.Window.Size);
            var y = g.Height.Window.Input(oy, tap / g.Width.Window.Size % g.Height.Window.Size);
            var x = g.Width.Window.Input(ox, tap % g.Width.Window.Size);
            if ((uint)z < (uint)g.Depth.Size && (uint)y < (uint)g.Height.Size && (uint)x < (uint)g.Width.Size)
                yield return (((((plane * g.Depth.Size) + z) * g.Height.Size) + y) * g.Width.Size) + x;
        }
    }
}

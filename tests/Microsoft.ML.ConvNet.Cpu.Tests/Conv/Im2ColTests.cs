using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class Im2ColTests
{
    internal static readonly WindowGeometry[] Geometries =
    [
        new(5, 5, 3, 3, 3, 3),
        new(28, 28, 24, 24, 5, 5),
        new(8, 9, 8, 9, 3, 3, PaddingTop: 1, PaddingLeft: 1),
        new(7, 6, 4, 3, 3, 3, StrideY: 2, StrideX: 2, PaddingTop: 1, PaddingLeft: 1),
        new(9, 20, 5, 16, 3, 3, DilationY: 2, DilationX: 2),
        new(6, 5, 6, 5, 3, 3, PaddingTop: 2, PaddingLeft: 2, DilationY: 2, DilationX: 2),
        new(10, 11, 3, 3, 1, 2, StrideY: 4, StrideX: 5),
        new(3, 3, 5, 5, 3, 3, PaddingTop: 2, PaddingLeft: 2),
        new(1, 1, 1, 1, 7, 7, PaddingTop: 3, PaddingLeft: 3),
        new(4, 40, 3, 39, 2, 2),
    ];

    public static readonly TheoryData<int> Cases = [.. Enumerable.Range(0, Geometries.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Windows_match(int index)
    {
        var g = Geometries[index];
        const int Channels = 3;
        using var image = Floats.Random(Channels * g.PlaneSize, 1);
        using var columns = Pools.SameOnAll(pool =>
        {
            var result = Floats.Random(Channels * g.KernelSize * g.OutputSize, 9);
            Im2Col.Run(pool, image, Channels, g, result);
            return result;
        });
        columns.AssertClose(i => Source(i, g) is var at and >= 0 ? image[at] : 0, 0);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_adjoint_matches(int index)
    {
        var g = Geometries[index];
        const int Channels = 3;
        using var columns = Floats.Random(Channels * g.KernelSize * g.OutputSize, 1);
        using var before = Floats.Random(Channels * g.PlaneSize, 2);
        using var image = Pools.SameOnAll(pool =>
        {
            var result = before.Copy();
            Im2Col.Accumulate(pool, columns, Channels, g, result);
            return result;
        });

        var expected = new double[before.Count];
        for (nint i = 0; i < before.Count; i++)
            expected[i] = before[i];
        for (nint i = 0; i < columns.Count; i++)
        {
            if (Source(i, g) is var at and >= 0)
                expected[at] += columns[i];
        }

        image.AssertClose(i => expected[i], 1e-5);
    }

    /// <summary>Where element i of the columns lies in the image; −1 for padding.</summary>
    private static nint Source(nint i, WindowGeometry g)
    {
        var x = ((i % g.OutputWidth) * g.StrideX) + (i / g.OutputSize % g.KernelWidth * g.DilationX) - g.PaddingLeft;
        var y = ((i / g.OutputWidth % g.OutputHeight) * g.StrideY) + (i / g.OutputSize / g.KernelWidth % g.KernelHeight * g.DilationY) - g.PaddingTop;
        var channel = i / g.OutputSize / g.KernelSize;
        return x < 0 || y < 0 || x >= g.Width || y >= g.Height ? -1 : (channel * g.PlaneSize) + (y * g.Width) + x;
    }
}

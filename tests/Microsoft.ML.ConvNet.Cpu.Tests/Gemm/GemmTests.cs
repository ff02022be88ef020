using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public unsafe class GemmTests
{
    public static readonly TheoryData<int, int, int> Shapes = new()
    {
        { 1, 1, 1 }, { 1, 1, 100 }, { 1, 50, 33 }, { 50, 1, 33 }, { 2, 3, 4 }, { 3, 17, 40 }, { 10, 10, 64 }, { 5, 48, 7 },
        { 8, 48, 16 }, { 9, 49, 17 }, { 7, 47, 15 }, { 20, 576, 25 }, { 40, 64, 500 }, { 64, 10, 100 }, { 128, 100, 640 },
        { 100, 640, 128 }, { 65, 33, 513 }, { 70, 95, 1030 }, { 13, 2100, 5 }, { 66, 2050, 3 }, { 300, 31, 9 }, { 4, 4, 2000 },
        { 20, 1060, 1000 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Matches_a_sum_in_double_however_the_factors_lie(int m, int n, int k)
    {
        foreach (var transposeA in new[] { false, true })
        {
            foreach (var transposeB in new[] { false, true })
            {
                using var a = Floats.Random((nint)(m + 3) * (k + 3), 1);
                using var b = Floats.Random((nint)(n + 5) * (k + 5), 2);
                var left = transposeA ? Matrix.RowMajor(a, m + 3).T : Matrix.RowMajor(a, k + 3);
                var right = transposeB ? Matrix.RowMajor(b, k + 5).T : Matrix.RowMajor(b, n + 5);
                Check(m, n, k, left, right);
            }
        }
    }

    [Fact]
    public void An_empty_sum_is_its_start()
    {
        using var bias = Floats.Random(5, 1);
        using var c = new Floats(15);
        Gemm.Run(Pools.One, 3, 5, 0, Matrix.RowMajor(null, 1), Matrix.RowMajor(null, 5), c, 5, GemmStart.ColumnBias(bias), default(Relu));
        c.AssertClose(i => Math.Max(0f, bias[i % 5]), 0);
    }

    private static void Check(int m, int n, int k, Matrix a, Matrix b)
    {
        var cRow = n + 7;
        var product = new double[m * n];
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                for (var s = 0; s < k; s++)
                    product[(i * n) + j] += (double)*a.At(i, s) * *b.At(s, j);
            }
        }

        using var before = Floats.Random((nint)m * cRow, 3);
        using var rowBias = Floats.Random(m, 4);
        using var columnBias = Floats.Random(n, 5);
        Run(GemmStart.Zero, default(Identity), (_, _) => 0, x => x);
        Run(GemmStart.Accumulate, default(Identity), (i, j) => before[(i * cRow) + j], x => x);
        Run(GemmStart.RowBias(rowBias), default(Relu), (i, _) => rowBias[i], x => Math.Max(0, x));
        Run(GemmStart.ColumnBias(columnBias), new LeakyRelu(0.1f), (_, j) => columnBias[j], x => x > 0 ? x : 0.1 * x);

        void Run<TEpilogue>(GemmStart start, TEpilogue epilogue, Func<int, int, double> first, Func<double, double> last)
            where TEpilogue : struct, IUnaryFunction
        {
            using var c = Pools.SameOnAll(pool =>
            {
                var result = before.Copy();
                Gemm.Run(pool, m, n, k, a, b, result, cRow, start, epilogue);
                return result;
            });

            c.AssertClose(
                index =>
                {
                    var (i, j) = ((int)(index / cRow), (int)(index % cRow));
                    return j < n ? last(first(i, j) + product[(i * n) + j]) : before[index];
                },
                1e-6 * (4 + Math.Sqrt(k)));
        }
    }
}

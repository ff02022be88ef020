using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Many rows of A by one panel of B, a few whole vectors wide: products that the caller has blocked and laid out itself, on one
/// thread, where the general product's preparations would cost more than they save. The panel stays in L1 from one
/// register tile (<see cref="GemmMicroKernel"/>) to the next.
/// </summary>
internal static unsafe class GemmPanel
{
    /// <summary>
    /// How many of the vectors that remain the next panel takes: as many as the register tile has, but rather two panels of two vectors
    /// than three and one, which would wait for loads.
    /// </summary>
    public static int Vectors(int remaining) => remaining == 4 ? 2 : Math.Min(GemmBlocking.RegisterTile.Vectors, remaining);

    /// <summary>C = start + A·B.</summary>
    /// <param name="a">A, rows × <paramref name="k"/>.</param>
    /// <param name="b">B, <paramref name="k"/> × <paramref name="vectors"/>.</param>
    /// <param name="c">C.</param>
    /// <param name="cRow">Floats from a row of C to the next.</param>
    /// <param name="rows">The rows of A and C, any number.</param>
    /// <param name="vectors">The vectors of a row of B and C, as many as <see cref="Vectors"/> says.</param>
    /// <param name="k">Steps.</param>
    /// <param name="start">Zero or accumulate.</param>
    public static void Run<S, V>(Matrix a, Matrix b, float* c, nint cRow, int rows, int vectors, int k, GemmStartKind start)
        where S : struct, ISimd<V>
        where V : struct
    {
        switch (vectors)
        {
            case 1:
                Run<S, V, One>(a, b, c, cRow, rows, k, start);
                break;
            case 2:
                Run<S, V, Two>(a, b, c, cRow, rows, k, start);
                break;
            default:
                Run<S, V, Three>(a, b, c, cRow, rows, k, start);
                break;
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void Run<S, V, TVectors>(Matrix a, Matrix b, float* c, nint cRow, int rows, int k, GemmStartKind start)
        where S : struct, ISimd<V>
        where V : struct
        where TVectors : struct, IConstant
    {
        var height = GemmBlocking.RegisterTile.Rows;
        for (var row = 0; row < rows; row += height)
        {
            GemmTile.Select<S, V, TVectors, Identity>(
                new Matrix(a.At(row, 0), a.RowStride, a.ColumnStride), b, c + (row * cRow), cRow,
                Math.Min(height, rows - row), k, start, null, default);
        }
    }
}

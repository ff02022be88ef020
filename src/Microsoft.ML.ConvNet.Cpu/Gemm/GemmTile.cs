using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Calls the micro-kernel that has a register tile's size. A tile whose last vector reaches beyond C is computed in a
/// temporary tile, so that the micro-kernel knows only whole vectors.
/// </summary>
internal static unsafe class GemmTile
{
    /// <summary>Floats of the largest register tile: 8 rows of 3 vectors of 16.</summary>
    private const int MaxTile = 8 * 48;

    /// <summary>
    /// Computes <paramref name="rows"/> × <paramref name="columns"/> of C, of which (row, column) is the first element.
    /// B must be readable (whatever it holds) up to a whole vector.
    /// </summary>
    public static void Run<TEpilogue>(
        Matrix a, Matrix b, float* c, nint cRow,
        int row, int column, int rows, int columns, int k, GemmStart start, TEpilogue epilogue)
        where TEpilogue : struct, IUnaryFunction
    {
        if (Vector512.IsHardwareAccelerated)
            Run<Simd512, Vector512<float>, TEpilogue>(a, b, c, cRow, row, column, rows, columns, k, start, epilogue);
        else if (Vector256.IsHardwareAccelerated)
            Run<Simd256, Vector256<float>, TEpilogue>(a, b, c, cRow, row, column, rows, columns, k, start, epilogue);
        else
            Run<Simd128, Vector128<float>, TEpilogue>(a, b, c, cRow, row, column, rows, columns, k, start, epilogue);
    }

    [MethodImpl(Hot.Loop)]
    private static void Run<S, V, TEpilogue>(
        Matrix a, Matrix b, float* c, nint cRow,
        int row, int column, int rows, int columns, int k, GemmStart start, TEpilogue epilogue)
        where S : struct, ISimd<V>
        where V : struct
        where TEpilogue : struct, IUnaryFunction
    {
        var vectors = (columns + S.Count - 1) / S.Count;
        if (columns == vectors * S.Count)
        {
            Select<S, V, TEpilogue>(a, b, c, cRow, rows, vectors, k, start.Kind, start.TileBias(row, column), epilogue);
            return;
        }

        RunPartial<S, V, TEpilogue>(a, b, c, cRow, row, column, rows, columns, vectors, k, start, epilogue);
    }

    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    private static void RunPartial<S, V, TEpilogue>(
        Matrix a, Matrix b, float* c, nint cRow,
        int row, int column, int rows, int columns, int vectors, int k, GemmStart start, TEpilogue epilogue)
        where S : struct, ISimd<V>
        where V : struct
        where TEpilogue : struct, IUnaryFunction
    {
        var tile = stackalloc float[MaxTile];
        var width = vectors * S.Count;
        var kind = GemmStartKind.Zero;
        if (start.Kind != GemmStartKind.Zero)
        {
            kind = GemmStartKind.Accumulate;
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                    tile[(i * width) + j] = start.At(row + i, column + j, c[(i * cRow) + j]);
                for (var j = columns; j < width; j++)
                    tile[(i * width) + j] = 0f;
            }
        }

        Select<S, V, TEpilogue>(a, b, tile, width, rows, vectors, k, kind, null, epilogue);

        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
                c[(i * cRow) + j] = tile[(i * width) + j];
        }
    }

    private static void Select<S, V, TEpilogue>(
        Matrix a, Matrix b, float* c, nint cRow,
        int rows, int vectors, int k, GemmStartKind start, float* bias, TEpilogue epilogue)
        where S : struct, ISimd<V>
        where V : struct
        where TEpilogue : struct, IUnaryFunction
    {
        switch (vectors)
        {
            case 1:
                Select<S, V, One, TEpilogue>(a, b, c, cRow, rows, k, start, bias, epilogue);
                break;
            case 2:
                Select<S, V, Two, TEpilogue>(a, b, c, cRow, rows, k, start, bias, epilogue);
                break;
            default:
                Select<S, V, Three, TEpilogue>(a, b, c, cRow, rows, k, start, bias, epilogue);
                break;
        }
    }

    /// <summary>Computes rows × whole vectors of C, as many as the register tile has at most.</summary>
    [MethodImpl(Hot.Loop)]
    public static void Select<S, V, TVectors, TEpilogue>(
        Matrix a, Matrix b, float* c, nint cRow,
        int rows, int k, GemmStartKind start, float* bias, TEpilogue epilogue)
        where S : struct, ISimd<V>
        where V : struct
        where TVectors : struct, IConstant
        where TEpilogue : struct, IUnaryFunction
    {
        switch (rows)
        {
            case 1:
                Run<S, V, One, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            case 2:
                Run<S, V, Two, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            case 3:
                Run<S, V, Three, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            case 4:
                Run<S, V, Four, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            case 5:
                Run<S, V, Five, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            case 6:
                Run<S, V, Six, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            case 7:
                Run<S, V, Seven, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
            default:
                Run<S, V, Eight, TVectors, TEpilogue>(a, b, c, cRow, k, start, bias, epilogue);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run<S, V, TRows, TVectors, TEpilogue>(
        Matrix a, Matrix b, float* c, nint cRow,
        int k, GemmStartKind start, float* bias, TEpilogue epilogue)
        where S : struct, ISimd<V>
        where V : struct
        where TRows : struct, IConstant
        where TVectors : struct, IConstant
        where TEpilogue : struct, IUnaryFunction
    {
        if (a.RowStride == 1)
            GemmMicroKernel.Run<S, V, TRows, TVectors, AdjacentRows, TEpilogue>(
                a.Data, 1, a.ColumnStride, b.Data, b.RowStride, c, cRow, k, start, bias, epilogue);
        else
            GemmMicroKernel.Run<S, V, TRows, TVectors, StridedRows, TEpilogue>(
                a.Data, a.RowStride, a.ColumnStride, b.Data, b.RowStride, c, cRow, k, start, bias, epilogue);
    }
}

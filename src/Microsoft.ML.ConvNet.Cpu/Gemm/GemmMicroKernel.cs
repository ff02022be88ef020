using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The register tile of a matrix product: up to 8 rows by 3 vectors of C stay in registers while k runs.
/// Idea: per step of k, load 3 vectors of B, broadcast 8 elements of A, 24 multiply-adds. Layout: A by rows (strided in
/// place, or packed so that a column's rows are adjacent), B by rows of consecutive vectors (packed panel, or in place).
/// Lanes: columns of C. One source serves every tile: rows and vectors are type-level constants, and the JIT drops what
/// a smaller tile does not have. 8×3 needs 28 of the 32 registers of AVX-512, 6×2 15 of the 16 of AVX2.
/// Win: whole products come within 3 % of the FMA peak (see <see cref="Gemm"/>).
/// </summary>
internal static unsafe class GemmMicroKernel
{
    /// <summary>Computes one tile over <paramref name="k"/> steps and hands it to the epilogue.</summary>
    /// <param name="a">The tile's first row of A.</param>
    /// <param name="aRow">Floats from a row of A to the next; ignored (1) where rows are adjacent.</param>
    /// <param name="aStep">Floats from a column of A to the next.</param>
    /// <param name="b">The tile's first column of B.</param>
    /// <param name="bStep">Floats from a row of B to the next.</param>
    /// <param name="c">The tile of C.</param>
    /// <param name="cRow">Floats from a row of C to the next.</param>
    /// <param name="k">Steps.</param>
    /// <param name="start">What the accumulators start from.</param>
    /// <param name="bias">The bias of the tile's first row or column, where the start is a bias.</param>
    /// <param name="epilogue">Applied to the finished tile.</param>
    [MethodImpl(Hot.Loop)]
    public static void Run<S, V, TRows, TVectors, TLayout, TEpilogue>(
        float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, nint k,
        GemmStartKind start, float* bias, TEpilogue epilogue)
        where S : struct, ISimd<V>
        where V : struct
        where TRows : struct, IConstant
        where TVectors : struct, IConstant
        where TLayout : struct, IRowLayout
        where TEpilogue : struct, IUnaryFunction
    {
        V c00 = default, c01 = default, c02 = default;
        V c10 = default, c11 = default, c12 = default;
        V c20 = default, c21 = default, c22 = default;
        V c30 = default, c31 = default, c32 = default;
        V c40 = default, c41 = default, c42 = default;
        V c50 = default, c51 = default, c52 = default;
        V c60 = default, c61 = default, c62 = default;
        V c70 = default, c71 = default, c72 = default;

        if (start == GemmStartKind.Accumulate)
        {
            var source = c;
            c00 = S.Load(source);
            if (TVectors.Value > 1) c01 = S.Load(source + S.Count);
            if (TVectors.Value > 2) c02 = S.Load(source + 2 * S.Count);
            if (TRows.Value > 1)
            {
                source += cRow;
                c10 = S.Load(source);
                if (TVectors.Value > 1) c11 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c12 = S.Load(source + 2 * S.Count);
            }
            if (TRows.Value > 2)
            {
                source += cRow;
                c20 = S.Load(source);
                if (TVectors.Value > 1) c21 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c22 = S.Load(source + 2 * S.Count);
            }
            if (TRows.Value > 3)
            {
                source += cRow;
                c30 = S.Load(source);
                if (TVectors.Value > 1) c31 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c32 = S.Load(source + 2 * S.Count);
            }
            if (TRows.Value > 4)
            {
                source += cRow;
                c40 = S.Load(source);
                if (TVectors.Value > 1) c41 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c42 = S.Load(source + 2 * S.Count);
            }
            if (TRows.Value > 5)
            {
                source += cRow;
                c50 = S.Load(source);
                if (TVectors.Value > 1) c51 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c52 = S.Load(source + 2 * S.Count);
            }
            if (TRows.Value > 6)
            {
                source += cRow;
                c60 = S.Load(source);
                if (TVectors.Value > 1) c61 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c62 = S.Load(source + 2 * S.Count);
            }
            if (TRows.Value > 7)
            {
                source += cRow;
                c70 = S.Load(source);
                if (TVectors.Value > 1) c71 = S.Load(source + S.Count);
                if (TVectors.Value > 2) c72 = S.Load(source + 2 * S.Count);
            }
        }
        else if (start == GemmStartKind.RowBias)
        {
            c00 = c01 = c02 = S.Create(bias[0]);
            if (TRows.Value > 1)
            {
                c10 = c11 = c12 = S.Create(bias[1]);
            }
            if (TRows.Value > 2)
            {
                c20 = c21 = c22 = S.Create(bias[2]);
            }
            if (TRows.Value > 3)
            {
                c30 = c31 = c32 = S.Create(bias[3]);
            }
            if (TRows.Value > 4)
            {
                c40 = c41 = c42 = S.Create(bias[4]);
            }
            if (TRows.Value > 5)
            {
                c50 = c51 = c52 = S.Create(bias[5]);
            }
            if (TRows.Value > 6)
            {
                c60 = c61 = c62 = S.Create(bias[6]);
            }
            if (TRows.Value > 7)
            {
                c70 = c71 = c72 = S.Create(bias[7]);
            }
        }
        else if (start == GemmStartKind.ColumnBias)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = c60 = c70 = S.Load(bias);
            if (TVectors.Value > 1) c01 = c11 = c21 = c31 = c41 = c51 = c61 = c71 = S.Load(bias + S.Count);
            if (TVectors.Value > 2) c02 = c12 = c22 = c32 = c42 = c52 = c62 = c72 = S.Load(bias + 2 * S.Count);
        }

        var r1 = TLayout.Offset(1, aRow);
        var r2 = TLayout.Offset(2, aRow);
        var r3 = TLayout.Offset(3, aRow);
        var r4 = TLayout.Offset(4, aRow);
        var r5 = TLayout.Offset(5, aRow);
        var r6 = TLayout.Offset(6, aRow);
        var r7 = TLayout.Offset(7, aRow);

        for (; k > 0; k--)
        {
            var b0 = S.Load(b);
            V b1 = default, b2 = default;
            if (TVectors.Value > 1) b1 = S.Load(b + S.Count);
            if (TVectors.Value > 2) b2 = S.Load(b + 2 * S.Count);
            b += bStep;

            var a0 = S.Create(a[0]);
            c00 = S.MultiplyAdd(a0, b0, c00);
            if (TVectors.Value > 1) c01 = S.MultiplyAdd(a0, b1, c01);
            if (TVectors.Value > 2) c02 = S.MultiplyAdd(a0, b2, c02);
            if (TRows.Value > 1)
            {
                var a1 = S.Create(a[r1]);
                c10 = S.MultiplyAdd(a1, b0, c10);
                if (TVectors.Value > 1) c11 = S.MultiplyAdd(a1, b1, c11);
                if (TVectors.Value > 2) c12 = S.MultiplyAdd(a1, b2, c12);
            }
            if (TRows.Value > 2)
            {
                var a2 = S.Create(a[r2]);
                c20 = S.MultiplyAdd(a2, b0, c20);
                if (TVectors.Value > 1) c21 = S.MultiplyAdd(a2, b1, c21);
                if (TVectors.Value > 2) c22 = S.MultiplyAdd(a2, b2, c22);
            }
            if (TRows.Value > 3)
            {
                var a3 = S.Create(a[r3]);
                c30 = S.MultiplyAdd(a3, b0, c30);
                if (TVectors.Value > 1) c31 = S.MultiplyAdd(a3, b1, c31);
                if (TVectors.Value > 2) c32 = S.MultiplyAdd(a3, b2, c32);
            }
            if (TRows.Value > 4)
            {
                var a4 = S.Create(a[r4]);
                c40 = S.MultiplyAdd(a4, b0, c40);
                if (TVectors.Value > 1) c41 = S.MultiplyAdd(a4, b1, c41);
                if (TVectors.Value > 2) c42 = S.MultiplyAdd(a4, b2, c42);
            }
            if (TRows.Value > 5)
            {
                var a5 = S.Create(a[r5]);
                c50 = S.MultiplyAdd(a5, b0, c50);
                if (TVectors.Value > 1) c51 = S.MultiplyAdd(a5, b1, c51);
                if (TVectors.Value > 2) c52 = S.MultiplyAdd(a5, b2, c52);
            }
            if (TRows.Value > 6)
            {
                var a6 = S.Create(a[r6]);
                c60 = S.MultiplyAdd(a6, b0, c60);
                if (TVectors.Value > 1) c61 = S.MultiplyAdd(a6, b1, c61);
                if (TVectors.Value > 2) c62 = S.MultiplyAdd(a6, b2, c62);
            }
            if (TRows.Value > 7)
            {
                var a7 = S.Create(a[r7]);
                c70 = S.MultiplyAdd(a7, b0, c70);
                if (TVectors.Value > 1) c71 = S.MultiplyAdd(a7, b1, c71);
                if (TVectors.Value > 2) c72 = S.MultiplyAdd(a7, b2, c72);
            }
            a += aStep;
        }

        S.Store(epilogue.Apply<S, V>(c00), c);
        if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c01), c + S.Count);
        if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c02), c + 2 * S.Count);
        if (TRows.Value > 1)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c10), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c11), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c12), c + 2 * S.Count);
        }
        if (TRows.Value > 2)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c20), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c21), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c22), c + 2 * S.Count);
        }
        if (TRows.Value > 3)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c30), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c31), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c32), c + 2 * S.Count);
        }
        if (TRows.Value > 4)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c40), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c41), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c42), c + 2 * S.Count);
        }
        if (TRows.Value > 5)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c50), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c51), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c52), c + 2 * S.Count);
        }
        if (TRows.Value > 6)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c60), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c61), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c62), c + 2 * S.Count);
        }
        if (TRows.Value > 7)
        {
            c += cRow;
            S.Store(epilogue.Apply<S, V>(c70), c);
            if (TVectors.Value > 1) S.Store(epilogue.Apply<S, V>(c71), c + S.Count);
            if (TVectors.Value > 2) S.Store(epilogue.Apply<S, V>(c72), c + 2 * S.Count);
        }
    }
}

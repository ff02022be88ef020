using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The register tile of direct convolution: up to 8 rows by 3 vectors of C stay in registers while pieces of A and B stream by.
/// Idea: per step, load 3 vectors of B, broadcast 8 floats of A, 24 multiply-adds, as in <see cref="GemmMicroKernel"/>; but a row
/// of A may lie anywhere and the steps come in runs, so that the matrices of a convolution need not be made: in the forward pass
/// rows are pixels, and a run is a row of the window; in the weight gradient rows are elements of a filter, and a run is a row of
/// pixels. Layout: given by <see cref="TileOperands"/>. Lanes: output channels. 8×3 needs 28 of the 32 registers of AVX-512, 6×2
/// 15 of the 16 of AVX2.
/// Win: up to 94 % of the FMA peak in whole convolutions (<c>benchmarks -- layers --layer resnet18 --threads 1</c>).
/// </summary>
internal static unsafe class LaneTile
{
    /// <summary>Computes a tile of <paramref name="rows"/> × <paramref name="vectors"/>.</summary>
    public static void Run<S, V, TSteps>(int rows, int vectors, in TileOperands operands)
        where S : struct, ISimd<V>
        where V : struct
        where TSteps : struct, ITileSteps
    {
        if (vectors == 1)
            Run<S, V, TSteps, One>(rows, operands);
        else if (vectors == 2)
            Run<S, V, TSteps, Two>(rows, operands);
        else
            Run<S, V, TSteps, Three>(rows, operands);
    }

    [MethodImpl(Hot.Loop)]
    private static void Run<S, V, TSteps, TVectors>(int rows, in TileOperands operands)
        where S : struct, ISimd<V>
        where V : struct
        where TSteps : struct, ITileSteps
        where TVectors : struct, IConstant
    {
        switch (rows)
        {
            case 1:
                Run<S, V, TSteps, TVectors, One>(operands);
                break;
            case 2:
                Run<S, V, TSteps, TVectors, Two>(operands);
                break;
            case 3:
                Run<S, V, TSteps, TVectors, Three>(operands);
                break;
            case 4:
                Run<S, V, TSteps, TVectors, Four>(operands);
                break;
            case 5:
                Run<S, V, TSteps, TVectors, Five>(operands);
                break;
            case 6:
                Run<S, V, TSteps, TVectors, Six>(operands);
                break;
            case 7:
                Run<S, V, TSteps, TVectors, Seven>(operands);
                break;
            default:
                Run<S, V, TSteps, TVectors, Eight>(operands);
                break;
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void Run<S, V, TSteps, TVectors, TRows>(in TileOperands operands)
        where S : struct, ISimd<V>
        where V : struct
        where TSteps : struct, ITileSteps
        where TVectors : struct, IConstant
        where TRows : struct, IConstant
    {
        LaneTileRow<S, V, TVectors> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        if (operands.Accumulates)
        {
            c0.Load(operands, 0);
            if (TRows.Value > 1) c1.Load(operands, 1);
            if (TRows.Value > 2) c2.Load(operands, 2);
            if (TRows.Value > 3) c3.Load(operands, 3);
            if (TRows.Value > 4) c4.Load(operands, 4);
            if (TRows.Value > 5) c5.Load(operands, 5);
            if (TRows.Value > 6) c6.Load(operands, 6);
            if (TRows.Value > 7) c7.Load(operands, 7);
        }
        else if (operands.Bias != null)
        {
            c0.LoadBias(operands.Bias);
            c1 = c2 = c3 = c4 = c5 = c6 = c7 = c0;
        }

        var rows = operands.ARows;
        var origin = operands.A + rows[0];
        nint r1 = 0, r2 = 0, r3 = 0, r4 = 0, r5 = 0, r6 = 0, r7 = 0;
        if (TRows.Value > 1) r1 = rows[1] - rows[0];
        if (TRows.Value > 2) r2 = rows[2] - rows[0];
        if (TRows.Value > 3) r3 = rows[3] - rows[0];
        if (TRows.Value > 4) r4 = rows[4] - rows[0];
        if (TRows.Value > 5) r5 = rows[5] - rows[0];
        if (TRows.Value > 6) r6 = rows[6] - rows[0];
        if (TRows.Value > 7) r7 = rows[7] - rows[0];

        var aStep = TSteps.A(operands.AStep);
        var bStep = TSteps.B(TVectors.Value * S.Count, S.Count);
        var b1Offset = TSteps.Vector(S.Count, operands.BVector);
        var b2Offset = 2 * b1Offset;
        var run = operands.Runs;
        for (var runs = operands.RunCount; runs > 0; runs--, run++)
        {
            var a = origin + run->A;
            var b = operands.B + (run->Step * bStep);
            for (var steps = operands.RunLength; steps > 0; steps--)
            {
                var b0 = S.Load(b);
                V b1 = default, b2 = default;
                if (TVectors.Value > 1) b1 = S.Load(b + b1Offset);
                if (TVectors.Value > 2) b2 = S.Load(b + b2Offset);
                b += bStep;

                c0.MultiplyAdd(S.Create(a[0]), b0, b1, b2);
                if (TRows.Value > 1) c1.MultiplyAdd(S.Create(a[r1]), b0, b1, b2);
                if (TRows.Value > 2) c2.MultiplyAdd(S.Create(a[r2]), b0, b1, b2);
                if (TRows.Value > 3) c3.MultiplyAdd(S.Create(a[r3]), b0, b1, b2);
                if (TRows.Value > 4) c4.MultiplyAdd(S.Create(a[r4]), b0, b1, b2);
                if (TRows.Value > 5) c5.MultiplyAdd(S.Create(a[r5]), b0, b1, b2);
                if (TRows.Value > 6) c6.MultiplyAdd(S.Create(a[r6]), b0, b1, b2);
                if (TRows.Value > 7) c7.MultiplyAdd(S.Create(a[r7]), b0, b1, b2);
                a += aStep;
            }
        }

        c0.Store(operands, 0);
        if (TRows.Value > 1) c1.Store(operands, 1);
        if (TRows.Value > 2) c2.Store(operands, 2);
        if (TRows.Value > 3) c3.Store(operands, 3);
        if (TRows.Value > 4) c4.Store(operands, 4);
        if (TRows.Value > 5) c5.Store(operands, 5);
        if (TRows.Value > 6) c6.Store(operands, 6);
        if (TRows.Value > 7) c7.Store(operands, 7);
    }
}

/// <summary>One row of the tile: up to 3 accumulators.</summary>
internal unsafe struct LaneTileRow<S, V, TVectors>
    where S : struct, ISimd<V>
    where V : struct
    where TVectors : struct, IConstant
{
    private V _0;
    private V _1;
    private V _2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(V a, V b0, V b1, V b2)
    {
        _0 = S.MultiplyAdd(a, b0, _0);
        if (TVectors.Value > 1) _1 = S.MultiplyAdd(a, b1, _1);
        if (TVectors.Value > 2) _2 = S.MultiplyAdd(a, b2, _2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LoadBias(float* bias) => Load(bias, S.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(in TileOperands operands, int row) => Load(operands.C + operands.CRows[row], operands.CVector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(in TileOperands operands, int row)
    {
        var c = operands.C + operands.CRows[row];
        if (operands.Addend != null)
            Add(operands.Addend + operands.CRows[row], operands.CVector);
        if (operands.Relu)
            Apply(default(Relu));
        S.Store(_0, c);
        if (TVectors.Value > 1) S.Store(_1, c + operands.CVector);
        if (TVectors.Value > 2) S.Store(_2, c + (2 * operands.CVector));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Load(float* source, nint vector)
    {
        _0 = S.Load(source);
        if (TVectors.Value > 1) _1 = S.Load(source + vector);
        if (TVectors.Value > 2) _2 = S.Load(source + (2 * vector));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(float* source, nint vector)
    {
        _0 = S.Add(_0, S.Load(source));
        if (TVectors.Value > 1) _1 = S.Add(_1, S.Load(source + vector));
        if (TVectors.Value > 2) _2 = S.Add(_2, S.Load(source + (2 * vector)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TFunction>(TFunction function)
        where TFunction : struct, IUnaryFunction
    {
        _0 = function.Apply<S, V>(_0);
        if (TVectors.Value > 1) _1 = function.Apply<S, V>(_1);
        if (TVectors.Value > 2) _2 = function.Apply<S, V>(_2);
    }
}

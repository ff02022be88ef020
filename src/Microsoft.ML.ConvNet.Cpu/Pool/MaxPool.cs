using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Max-pooling of planes, with PyTorch's rules: the first of equal maxima wins, NaN beats every number (and a later NaN
/// an earlier one), padding never wins. Idea: the gradient looks for the maximum again instead of keeping an index.
/// 2×2 windows two apart, the common case, never leave the registers (<see cref="Pool2x2"/>); one window over everything is a
/// reduction (<see cref="GlobalMaxPool"/>); the others go row by row (<see cref="MaxPoolRows"/>). Layout: planes of D×H×W. Lanes: outputs of a row.
/// </summary>
internal static unsafe class MaxPool
{
    /// <summary>y = the maximum of every window. No window may lie in the padding alone.</summary>
    public static void Forward(WorkerPool pool, float* x, nint planes, PoolGeometry geometry, float* y)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.RunVectors(pool, planes, geometry.PlaneSize, new Pool2x2.ForwardBody<Pool2x2.Maximum>(x, geometry, y));
        else if (geometry.IsGlobal)
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new GlobalMaxPool.ForwardBody(x, geometry.PlaneSize, y));
        else
            PlaneLoop.RunVectors(pool, planes, geometry.OutputSize * geometry.Taps, new MaxPoolRows.ForwardBody(x, geometry, y));
    }

    /// <summary>dX = dY where a window's maximum was, summed over windows; 0 elsewhere.</summary>
    public static void Backward(WorkerPool pool, float* x, float* dY, nint planes, PoolGeometry geometry, float* dX)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.RunVectors(pool, planes, geometry.PlaneSize, new Pool2x2.MaxBackwardBody(x, dY, geometry, dX));
        else if (geometry.IsGlobal)
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new GlobalMaxPool.BackwardBody(x, dY, geometry.PlaneSize, dX));
        else
            PlaneLoop.RunVectors(pool, planes, geometry.OutputSize * geometry.Taps, new MaxPoolRows.WinnersBody<MaxPoolRows.Scatter>(x, geometry, new(dY, dX, geometry)));
    }

    /// <summary>y = the index in its plane of every window's maximum.</summary>
    public static void Switches(WorkerPool pool, float* x, nint planes, PoolGeometry geometry, float* y)
    {
        if (geometry.IsGlobal)
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new GlobalMaxPool.SwitchBody(x, geometry.PlaneSize, y));
        else
            PlaneLoop.RunVectors(pool, planes, geometry.OutputSize * geometry.Taps, new MaxPoolRows.WinnersBody<MaxPoolRows.Indices>(x, geometry, new(y, geometry)));
    }

    /// <summary>A mask of the lanes where <paramref name="value"/> takes over from <paramref name="best"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Beats<S, V>(V value, V best)
        where S : struct, ISimd<V>
        where V : struct => S.Or(S.GreaterThan(value, best), S.IsNaN(value));

    /// <summary>Whether <paramref name="value"/> takes over from <paramref name="best"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Beats(float value, float best) => value > best || float.IsNaN(value);
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Max-pooling of planes, with PyTorch's rules: the first of equal maxima wins, NaN beats every number (and a later NaN
/// an earlier one), padding never wins. Idea: the gradient looks for the maximum again instead of keeping an index.
/// 2×2 windows two apart, the common case, never leave the registers (<see cref="Pool2x2"/>); the others go row by row
/// (<see cref="PoolRows"/>). Layout: planes of H×W. Lanes: outputs of a row.
/// </summary>
internal static unsafe class MaxPool
{
    /// <summary>y = the maximum of every window. Padding must be smaller than the kernel.</summary>
    public static void Forward(WorkerPool pool, float* x, nint planes, WindowGeometry geometry, float* y)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new Pool2x2.ForwardBody<Pool2x2.Maximum>(x, geometry, y));
        else
            PlaneLoop.Run(pool, planes, geometry.OutputSize * geometry.KernelSize, new PoolRows.ForwardBody<PoolRows.Maximum>(x, geometry, y));
    }

    /// <summary>dX = dY where a window's maximum was, summed over windows; 0 elsewhere.</summary>
    public static void Backward(WorkerPool pool, float* x, float* dY, nint planes, WindowGeometry geometry, float* dX)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new Pool2x2.MaxBackwardBody(x, dY, geometry, dX));
        else
            PlaneLoop.Run(pool, planes, geometry.OutputSize * geometry.KernelSize, new PoolRows.MaxBackwardBody(x, dY, geometry, dX));
    }

    /// <summary>A mask of the lanes where <paramref name="value"/> takes over from <paramref name="best"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Beats<S, V>(V value, V best)
        where S : struct, ISimd<V>
        where V : struct => S.Or(S.GreaterThan(value, best), S.IsNaN(value));
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Average-pooling of planes. Idea: 2×2 windows two apart never leave the registers (<see cref="Pool2x2"/>); for others, the mean of a window is
/// the mean along each axis, one after the other (<see cref="Resample"/>), and the gradient is the transpose. Layout: planes of D×H×W.
/// </summary>
internal static unsafe class AveragePool
{
    /// <summary>Along each axis, how the means are made.</summary>
    public static IReadOnlyList<AxisMap> Maps(AveragePoolOp op, PoolGeometry g) => [Map(op, g.Depth), Map(op, g.Height), Map(op, g.Width)];

    /// <summary>y = the mean of every window.</summary>
    public static void Forward(WorkerPool pool, float* x, nint planes, PoolGeometry geometry, Resample means, float* y)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.RunVectors(pool, planes, geometry.PlaneSize, new Pool2x2.ForwardBody<Pool2x2.Mean>(x, geometry, y));
        else
            means.Run(pool, x, planes, y);
    }

    private static AxisMap Map(AveragePoolOp op, PoolAxis axis) => new(axis.Size, axis.Outputs, o =>
    {
        var (first, end) = axis.TapsInside(o);
        var share = 1.0 / op.Divisor(axis.Window, o, axis.Size);
        return Enumerable.Range(first, end - first).Select(tap => new AxisTap(axis.Window.Input(o, tap), share));
    });
}

using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Winograd.</summary>
internal sealed class WinogradConv(int tileSize) : IConvAlgorithm
{
    public string Name => $"Winograd F({tileSize}×{tileSize}, 3×3)";

    public bool IsExact => false;

    public bool Fuses => true;

    public bool Supports(ConvProblem problem)
    {
        var layout = Layout.ChannelLanes(VectorWidth.Floats);
        return problem.XLayout == layout && problem.YLayout == layout
            && problem.X.Rank == 3 && problem.Groups == 1
            && IsThreeTaps(problem.Window.Height) && IsThreeTaps(problem.Window.Width);

        static bool IsThreeTaps(WindowAxis axis)
            => axis is { Size: 3, Stride: 1, Dilation: 1, Before: >= 0 and <= 2, After: >= 0 and <= 2 };
    }

    public double Cost(ConvProblem problem) => CostModel.Microseconds(problem.Flops, 1.7);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
        => tileSize == WinogradTile4.Outputs ? Bind<WinogradTile4>(problem, pool) : Bind<WinogradTile2>(problem, pool);

    private static Kernel Bind<TTile>(ConvProblem problem, WorkerPool pool)
        where TTile : struct, IWinogradTile
        => Vector512.IsHardwareAccelerated ? Bind<Simd512, Vector512<float>, TTile>(problem, pool)
            : Vector256.IsHardwareAccelerated ? Bind<Simd256, Vector256<float>, TTile>(problem, pool)
            : Bind<Simd128, Vector128<float>, TTile>(problem, pool);

    private static Kernel Bind<S, V, TTile>(ConvProblem problem, WorkerPool pool)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
        => problem.Pass == ConvPass.WeightGradient
            ? new WinogradWeightGradient<S, V, TTile>(problem, pool)
            : new WinogradForward<S, V, TTile>(problem, pool);
}

using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// 3×3 and 5×5 convolutions with fewer multiplications (Lavin &amp; Gray, Fast algorithms for convolutional neural networks, 2016). Idea:
/// F(m×m, r×r), a tile of m×m outputs, depends on n×n inputs, n = m + r − 1. Transform input tiles and filters so that the convolution is
/// a product at each of n² points, sum the products over input channels, and transform the sums back: n² multiplications instead of
/// (m·r)², 2.25 times fewer in F(2×2, 3×3), 4 times in F(4×4, 3×3), 6.25 times in F(4×4, 5×5). Of many tiles and channels the products
/// are a matrix product for each point. Layout and lanes: channels, or samples where channels are few or odd; the same on both sides.
/// <code>
/// what                          where                    channels in the lanes              samples in the lanes
/// the transforms of an axis     IWinogradTile            WinogradF23, F43, F45
/// of a tile, of a block         WinogradTransform/Block
/// of the filters                                         WinogradFilters                    WinogradBatchFilters
/// products, forward                                      WinogradForward: tiles × filters   WinogradBatchForward: filters × tiles
/// products, input gradient                               the same of dy, filters turned     its adjoint
/// products, weight gradient                              WinogradWeightGradient             WinogradBatchWeightGradient
/// </code>
/// Errors of tiles of 4×4 are about 1e-5 of the largest output, those of 2×2 about a sum's (ConvAlgorithmTests).
/// Win, on one thread whose FMA peak is 262 GFLOP/s, in GFLOP/s of the convolution it stands for, forward / input gradient / weight
/// gradient (<c>dotnet run -c Release --project benchmarks -- layers --threads 1</c>).
/// F(4×4, 3×3): 64→64 at 32×32, batch 64: 660 / 690 / 640; 128→128 at 16×16: 760 / 800 / 720; 256→256 at 8×8: 740 / 700 / 720;
/// 64→64 at 56×56, batch 8: 620 / 630 / 640; 512→512 at 7×7: 350 / 330 / 400.
/// F(4×4, 5×5): 64→192 at 27×27, batch 16: 950 / 990 / 940; samples in the lanes, 20→40 at 12×12, batch 128: 780 / 770 / 560.
/// </summary>
internal sealed class WinogradConv<TTile> : IConvAlgorithm
    where TTile : struct, IWinogradTile
{
    private static readonly WinogradSize _size = WinogradSize.Of<TTile>();

    public string Name => TTile.Name;

    public bool IsExact => false;

    public bool Fuses => true;

    public bool Supports(ConvProblem problem) => _size.Supports(problem);

    public double Cost(ConvProblem problem) => ConvCosts.Winograd(problem, _size);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
        => problem.XLayout.Kind == LayoutKind.ChannelLanes ? BindChannels(problem, pool)
            : problem.Pass == ConvPass.WeightGradient ? new WinogradBatchWeightGradient<TTile>(problem, pool)
            : new WinogradBatchForward<TTile>(problem, pool);

    private static Kernel BindChannels(ConvProblem problem, WorkerPool pool)
        => Vector512.IsHardwareAccelerated ? Bind<Simd512, Vector512<float>>(problem, pool)
            : Vector256.IsHardwareAccelerated ? Bind<Simd256, Vector256<float>>(problem, pool)
            : Bind<Simd128, Vector128<float>>(problem, pool);

    private static Kernel Bind<S, V>(ConvProblem problem, WorkerPool pool)
        where S : struct, ISimd<V>
        where V : struct
        => problem.Pass == ConvPass.WeightGradient
            ? new WinogradWeightGradient<S, V, TTile>(problem, pool)
            : new WinogradForward<S, V, TTile>(problem, pool);
}

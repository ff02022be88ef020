using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// 3×3 convolutions with fewer multiplications (Lavin &amp; Gray, Fast algorithms for convolutional neural networks, 2016). Idea: a tile of
/// m×m outputs depends on (m + 2)×(m + 2) inputs. Transform input tiles and filters so that the convolution is a product at each of the
/// (m + 2)² points, sum the products over input channels, and transform the sums back: (m + 2)² multiplications instead of 9m², 4 times
/// fewer with m = 4 and 2.25 times with m = 2. Of many tiles and channels the products are a matrix product for each point.
/// Layout: channels in the lanes on both sides. Lanes: channels. The input gradient is the forward pass of dy with other filters.
/// <code>
/// what                          where                    what bounds it
/// the transforms of an axis     IWinogradTile
/// of a tile, of a block         WinogradTransform/Block  L1 and L2; memory where images are large
/// of the filters                WinogradFilters          memory, where channels are many and images few
/// products, forward             WinogradForward          FMA, 85 to 90 % of the peak
/// products, weight gradient     WinogradWeightGradient   FMA, 80 to 85 % of the peak
/// </code>
/// Errors of m = 4 are about 1e-5 of the largest output, those of m = 2 hardly above a sum's.
/// Win, with m = 4 on one thread whose FMA peak is 268 GFLOP/s, in GFLOP/s of the convolution it stands for, forward / weight gradient
/// (<c>dotnet run -c Release --project benchmarks -- kernels --threads 1</c>):
/// 64→64 at 32×32, batch 64: 650 / 640; 128→128 at 16×16: 800 / 740; 256→256 at 8×8: 800 / 740; 512→512 at 4×4: 580 / 640;
/// 64→64 at 56×56, batch 8: 680 / 690; 512→512 at 7×7: 370 / 410. With m = 2 about 0.6 of that.
/// </summary>
internal sealed class WinogradConv<TTile> : IConvAlgorithm
    where TTile : struct, IWinogradTile
{
    public string Name => TTile.Name;

    public bool IsExact => false;

    public bool Fuses => true;

    public bool Supports(ConvProblem problem)
    {
        return problem.XLayout != Layout.Plain && problem.YLayout == problem.XLayout
            && problem.X.Rank == 3 && problem.Groups == 1
            && (problem.XLayout.Kind == LayoutKind.ChannelLanes || problem.Pass != ConvPass.WeightGradient || WinogradBatchWeightGradient<TTile>.Fits(problem))
            && Fits(problem.Window.Height) && Fits(problem.Window.Width);

        static bool Fits(WindowAxis axis)
            => axis is { Stride: 1, Dilation: 1, Before: >= 0, After: >= 0 }
                && axis.Size == TTile.Taps && Math.Max(axis.Before, axis.After) < TTile.Taps;
    }

    public double Cost(ConvProblem problem) => ConvCosts.Winograd<TTile>(problem);

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

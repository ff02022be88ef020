using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>The size of F(m×m, r×r), for what is asked about algorithms before one is chosen; kernels have it in <see cref="IWinogradTile"/>.</summary>
/// <param name="Outputs">Outputs of a tile along an axis, m.</param>
/// <param name="Taps">Taps of a filter along an axis, r.</param>
internal readonly record struct WinogradSize(int Outputs, int Taps)
{
    /// <summary>The products of a tile and a filter, (m + r − 1)².</summary>
    public int Products => (Outputs + Taps - 1) * (Outputs + Taps - 1);

    /// <summary>Whether transforms of this size compute a convolution.</summary>
    public bool Supports(ConvProblem problem)
        => problem.XLayout != Layout.Plain && problem.YLayout == problem.XLayout
            && problem.X.Rank == 3 && problem.Groups == 1
            && Fits(problem.Window.Height) && Fits(problem.Window.Width)
            && (problem.XLayout.Kind == LayoutKind.ChannelLanes || problem.Pass != ConvPass.WeightGradient
                || WinogradBatch.TransposedLength(problem) <= WinogradBatch.MaxTransposed);

    public static WinogradSize Of<TTile>()
        where TTile : struct, IWinogradTile => new(TTile.Outputs, TTile.Taps);

    private bool Fits(WindowAxis axis)
        => axis is { Stride: 1, Dilation: 1, Before: >= 0, After: >= 0 } && axis.Size == Taps && Math.Max(axis.Before, axis.After) < Taps;
}

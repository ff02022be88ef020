using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Direct convolution with channels in the lanes: no matrices are made. Idea: a vector holds output channels of one pixel, so that every
/// tap of every pixel is a broadcast float times a vector of weights, whatever the window, stride and dilation; the input gradient of a
/// strided layer is one such convolution for each remainder of the stride (<see cref="TapAxis"/>). Layout: channels in the lanes; x may be
/// plain in the forward pass and the weight gradient, so that first layers read images as they come. Lanes: output channels. See
/// <see cref="TapConvolution"/> and <see cref="TapWeightGradient"/>.
/// Win: 3×3 windows on 64–384 channels at 86–95 % of the FMA peak forward, 83–94 % in the input gradient and 82–91 % in the weight
/// gradient; first layers at 80–92 %: <c>dotnet run -c Release --project benchmarks -- layers --threads 1</c>. Deep small maps in small
/// batches are bound by the packing of their weights: 512→512 at 7×7, batch 8, at 52–68 %.
/// </summary>
internal sealed class DirectConv : IConvAlgorithm
{
    public string Name => "direct";

    // Volumes are left to GEMM.
    public bool Supports(ConvProblem problem)
    {
        var lanes = Layout.ChannelLanes(VectorWidth.Floats);
        return problem.Groups == 1 && problem.X.Rank <= 3 && problem.YLayout == lanes
            && (problem.XLayout == lanes || (problem.XLayout == Layout.Plain && problem.Pass != ConvPass.InputGradient));
    }

    public bool Fuses => true;

    public double Cost(ConvProblem problem)
    {
        var isWeight = problem.Pass == ConvPass.WeightGradient;
        var share = (problem.Window.Taps == 1, isWeight) switch
        {
            (true, true) => 0.79,
            (true, false) => 0.86,
            (false, true) => 0.86,
            (false, false) => 0.93,
        };

        // Plain rows are short pieces to copy, and runs of a few steps.
        if (problem.XLayout == Layout.Plain && problem.Window.Taps > 1)
            share *= 0.94;

        // Packed weights are read, fetched to be written, and written; neighbours in the filters of the other direction lie further apart.
        var packing = CostModel.Traffic(4.0 * problem.WeightLength * (problem.Pass == ConvPass.InputGradient ? 6 : 3));
        return CostModel.Microseconds(problem.Flops, share * TileShare(problem)) + packing;
    }

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        if (problem.Pass == ConvPass.WeightGradient)
        {
            var gradient = new TapWeightGradient(problem);
            return new FunctionKernel(Name, call => gradient.Run(pool, call), gradient.WorkspaceLength);
        }

        var convolution = new TapConvolution(problem);
        return new FunctionKernel(Name, call => convolution.Run(pool, call), preparedLength: convolution.PreparedLength);
    }

    /// <summary>
    /// The share of the peak that tiles of the problem's size reach: those of few rows or vectors wait for the latency of the additions
    /// (8 in flight) or for loads, and starting and storing a tile takes as long as 2 steps.
    /// </summary>
    private static double TileShare(ConvProblem problem)
    {
        var (maxRows, _, lanes) = GemmBlocking.RegisterTile;
        var phases = (double)problem.Window.Height.Stride * problem.Window.Width.Stride;
        var (target, rows, steps) = problem.Pass switch
        {
            ConvPass.Forward => (problem.Y, (double)problem.Y.Plane, (double)problem.FilterLength),
            ConvPass.InputGradient => (problem.X, problem.X.Plane / phases, problem.Y.C * problem.Window.Taps / phases),
            _ => (problem.Y, problem.FilterLength, Math.Min(TapWeightGradient.MaxPixels, problem.MaxBatch * problem.Y.Plane)),
        };
        var groups = new VectorGroups(target.C / lanes);
        var (row, vector) = (rows / Math.Ceiling(rows / maxRows), groups.Vectors / (double)groups.Length);
        return Math.Min(1, Math.Min(row * vector / 8, row * vector / (row + vector))) * steps / (steps + 2);
    }
}

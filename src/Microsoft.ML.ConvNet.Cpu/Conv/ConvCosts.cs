using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The estimated time of every algorithm of convolution on one thread, in microseconds: arithmetic at a share of the peak, and bytes that
/// are moved besides (<see cref="CostModel"/>). All numbers are fitted to <c>dotnet run -c Release --project benchmarks -- layers --threads 1</c>,
/// which prints estimates beside times. Where there are three numbers they are for forward, input gradient and weight gradient; where
/// weights stay as they are from run to run, they and what is made of them are read once instead.
/// <code>
/// algorithm            products             share of the peak                            bytes moved besides
/// depthwise            the definition's     0.09, 0.07, 0.07, per strided place          –
/// depthwise by lanes   the definition's     0.17, 0.17, 0.13, per strided place          –
/// 1×1 GEMM             the definition's     0.8; less below 16 filters                   the weights, x and y 0.8 times
/// im2col + GEMM        the definition's     0.45, 0.3, 0.35; less below 16 filters       the weights
/// direct               the definition's     0.93, 0.93, 0.86; 1×1 0.86, 0.86, 0.79;      3, 6, 3 times the weights
///                                           plain x 0.94 of it; a tile's share of it
/// samples in lanes     idle lanes' too      0.88; gradients of fewer than 6 inputs 0.25  6 times the weights
/// Winograd, channels   points × tiles       0.9 · d/(d + 5), d steps deep                images' points 0.4 times,
///                                                                                        filters' 1.1, 1.1, 0.4 times
/// Winograd, samples    points × tiles,      0.9 · d/(d + 3)                              images' points 0.3 times, filters' 0.4, 0.4,
///                      idle lanes' too                                                   0.8 times for each block, and 0.7, 0.7, 0 times;
///                                                                                        0, 0, 0.7 times dy
/// …, grouped           that of its convolutions without groups, zeros between groups included
/// …, by planes         that of its convolutions of planes
/// </code>
/// </summary>
internal static class ConvCosts
{
    public static double Depthwise(ConvProblem problem)
        => CostModel.Microseconds(problem.Flops, (problem.Pass == ConvPass.Forward ? 0.09 : 0.07) / Strides(problem));

    /// <summary>Bound by memory, above all where the stride makes x so much larger than y.</summary>
    public static double LaneDepthwise(ConvProblem problem)
        => CostModel.Microseconds(problem.Flops, (problem.Pass == ConvPass.WeightGradient ? 0.13 : 0.17) / Strides(problem));

    public static double PointwiseGemm(ConvProblem problem)
        => CostModel.Microseconds(problem.Flops, 0.8 * ShareOfFilters(problem)) + Traffic(problem.WeightLength)
            + Traffic(0.8 * problem.MaxBatch * (problem.X.Length + problem.Y.Length));

    /// <summary>The columns cost as much as the products, and more where they are added up again.</summary>
    public static double Gemm(ConvProblem problem)
    {
        var share = problem.Pass switch { ConvPass.Forward => 0.45, ConvPass.InputGradient => 0.3, _ => 0.35 };
        return CostModel.Microseconds(problem.Flops, share * ShareOfFilters(problem)) + Traffic(problem.WeightLength);
    }

    public static double Direct(ConvProblem problem)
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
        var packing = problem.KeepsPrepared ? 1.0 : problem.Pass == ConvPass.InputGradient ? 6 : 3;
        return CostModel.Microseconds(problem.Flops, share * ShareOfTile(problem)) + Traffic(packing * problem.WeightLength);
    }

    /// <summary>Weights are packed one by one, and their gradients summed over lanes one by one.</summary>
    public static double BatchLanes(ConvProblem problem)
    {
        var idleLanes = (double)problem.XLayout.PaddedBatch(problem.MaxBatch) / problem.MaxBatch;
        var share = problem.Pass == ConvPass.InputGradient && problem.X.C < TapMicroKernel.MaxFilters ? 0.25 : 0.88;
        return CostModel.Microseconds(problem.Flops * idleLanes, share) + Traffic((problem.KeepsPrepared ? 1.0 : 6.0) * problem.WeightLength);
    }

    public static double Winograd(ConvProblem problem, WinogradSize size)
        => problem.XLayout.Kind == LayoutKind.ChannelLanes ? WinogradOfChannels(problem, size) : WinogradOfSamples(problem, size);

    private static double WinogradOfChannels(ConvProblem problem, WinogradSize size)
    {
        var g = WinogradGeometry.Of(problem, size);
        var places = size.Products * (double)problem.MaxBatch * g.TilesPerImage;
        var isWeight = problem.Pass == ConvPass.WeightGradient;
        var depth = isWeight ? WinogradWeightGradient.BlockTiles : g.Inputs;
        var products = CostModel.Microseconds(2 * places * g.Inputs * g.Outputs, 0.9 * depth / (depth + 5));

        // The weight gradient transforms images again for every block of the other side's channels.
        var channels = isWeight
            ? (g.Inputs * WinogradWeightGradient.Blocks(g.Outputs)) + (g.Outputs * WinogradWeightGradient.Blocks(g.Inputs))
            : g.Inputs + g.Outputs;
        var filters = size.Products * g.Inputs * (double)g.Outputs;
        return products + Traffic(0.4 * places * channels) + Traffic((isWeight ? 0.4 : problem.KeepsPrepared ? 1.0 : 1.1) * filters);
    }

    private static double WinogradOfSamples(ConvProblem problem, WinogradSize size)
    {
        var g = WinogradGeometry.OfSamples(problem, size);
        var (x, lanes) = (problem.X.C, problem.XLayout.Lanes);
        var isWeight = problem.Pass == ConvPass.WeightGradient;
        var y = isWeight ? GemmBlocking.DivideRoundingUp(problem.Y.C, lanes) * lanes : problem.Y.C;
        var samples = (double)problem.XLayout.PaddedBatch(problem.MaxBatch);
        var places = size.Products * samples * g.TilesPerImage;
        var blockTiles = WinogradBatch.BlockTiles(g, size, x + y);
        var depth = problem.Pass switch { ConvPass.Forward => x, ConvPass.InputGradient => y, _ => lanes * blockTiles };
        var products = CostModel.Microseconds(2 * places * x * y, 0.9 * depth / (depth + 3));

        // Every block of tiles reads the filters, or reads and writes their sums; who makes filters writes them.
        var blocks = samples / lanes * g.TilesPerImage / blockTiles;
        var filters = (isWeight ? 0.8 * blocks : 0.7 + (0.4 * blocks)) * size.Products * x * y;
        var transposed = isWeight ? 0.7 * samples * y * problem.Y.Plane : 0;
        return products + Traffic(0.3 * places * (x + y)) + Traffic(filters + transposed);
    }

    private static double Traffic(double floats) => CostModel.Traffic(sizeof(float) * floats);

    private static double Strides(ConvProblem problem) => (double)problem.Window.Height.Stride * problem.Window.Width.Stride;

    /// <summary>Few filters are rows of a product that does not fill its tiles.</summary>
    private static double ShareOfFilters(ConvProblem problem) => Math.Min(1, Math.Pow(problem.Y.C / problem.Groups / 16.0, 1.5));

    /// <summary>
    /// The share of the peak that tiles of the problem's size reach: those of few rows or vectors wait for the latency of the additions
    /// (8 in flight) or for loads, and starting and storing a tile takes as long as 2 steps.
    /// </summary>
    private static double ShareOfTile(ConvProblem problem)
    {
        var (maxRows, _, lanes) = GemmBlocking.RegisterTile;
        var phases = Strides(problem);
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

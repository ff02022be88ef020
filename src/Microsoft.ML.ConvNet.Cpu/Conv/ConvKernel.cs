using System.Globalization;
using System.Text;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Chooses the algorithm of a convolution: of those in <see cref="Algorithms"/> that support the problem the one with the lowest
/// estimate, the first of equals; with <see cref="CpuOptions.Tune"/> the fastest. Forward, input gradient and weight gradient choose each
/// for itself. The choice depends on the shapes, the largest batch and the width of vectors, never on the number of threads.
/// </summary>
internal sealed class ConvKernel(CpuOptions options, WorkerPool pool, ConvTuning? tuning)
{
    /// <summary>What other algorithms seem to cost where some are preferred, so that plans bring the operands into the layouts that these want.</summary>
    private const double UnwantedCost = 1e9;

    /// <summary>
    /// The algorithms, the better ones for what they support first:
    /// 1. depthwise, plain or with channels in the lanes: a channel by itself is no matrix product;
    /// 2. 1×1 as GEMM: the image is the matrix already, nothing is copied;
    /// 3. Winograd, 3×3 and 5×5 windows with channels or samples in the lanes: fewer multiplications, large tiles where they pay and small ones else;
    /// 4. direct: channels in the lanes, no matrices; first layers read the plain image;
    /// 5. both for convolutions with groups, channels in the lanes;
    /// 6. both for volumes, channels in the lanes;
    /// 7. samples in the lanes: few or odd channels;
    /// 8. im2col + GEMM: every convolution.
    /// </summary>
    internal static readonly IConvAlgorithm[] Algorithms =
    [
        new DepthwiseConv(),
        new LaneDepthwiseConv(),
        new GemmConv(pointwise: true),
        new WinogradConv<WinogradF43>(),
        new WinogradConv<WinogradF23>(),
        new WinogradConv<WinogradF45>(),
        new DirectConv(),
        new GroupedConv(new WinogradConv<WinogradF43>()),
        new GroupedConv(new WinogradConv<WinogradF23>()),
        new GroupedConv(new WinogradConv<WinogradF45>()),
        new GroupedConv(new DirectConv()),
        new VolumeConv(new WinogradConv<WinogradF43>()),
        new VolumeConv(new WinogradConv<WinogradF23>()),
        new VolumeConv(new WinogradConv<WinogradF45>()),
        new VolumeConv(new DirectConv()),
        new BatchLanesConv(),
        new GemmConv(pointwise: false),
    ];

    /// <summary>The kernel for a step, or null where no algorithm computes it in these layouts. Loops rather than queries: see <see cref="AssignLayouts"/>.</summary>
    public Kernel? Find(OpSignature signature)
    {
        var problem = ConvProblem.Of(signature);
        var candidates = new List<IConvAlgorithm>();
        foreach (var algorithm in Algorithms)
        {
            if (algorithm.Supports(problem) && (algorithm.IsExact || !options.ExactConvolution))
                candidates.Add(algorithm);
        }

        if (candidates.Count == 0)
            return null;
        if (options.Prefers is { } prefers)
        {
            var favourite = candidates.Find(prefers.Invoke) ?? candidates[0];
            return Bind(favourite, problem, pool, prefers(favourite) ? 0 : UnwantedCost);
        }

        var measured = tuning?.Measure(problem, candidates, pool);
        var costs = new double[candidates.Count];
        var best = 0;
        for (var i = 0; i < costs.Length; i++)
        {
            costs[i] = measured == null ? candidates[i].Cost(problem) : measured[candidates[i].Name];
            if (costs[i] < costs[best])
                best = i;
        }

        return Bind(candidates[best], problem, pool, costs[best], Describe(candidates, costs, best, measured == null ? "estimated" : "measured"));
    }

    /// <summary>The kernel of an algorithm, with the fused addition and ReLU after it where it does not see to them itself.</summary>
    internal static Kernel Bind(IConvAlgorithm algorithm, ConvProblem problem, WorkerPool pool, double? cost = null, string? reason = null)
    {
        var kernel = algorithm.Bind(problem, pool);
        if ((problem.Adds || problem.Relu) && !algorithm.Fuses)
            kernel = new UnfusedEpilogue(kernel, problem, pool);
        (kernel.Cost, kernel.Reason) = (cost, reason);
        return kernel;
    }

    /// <summary>The time of the best candidate, and those of the others.</summary>
    private static string Describe(List<IConvAlgorithm> candidates, double[] costs, int best, string how)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{costs[best] / 1000:0.###} ms {how}");
        for (var i = 0; i < costs.Length; i++)
        {
            if (i != best)
                text.Append(CultureInfo.InvariantCulture, $", {candidates[i].Name} {costs[i] / 1000:0.###} ms");
        }

        return text.ToString();
    }
}

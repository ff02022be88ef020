using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Convolution with samples in the lanes: for few or odd numbers of channels, which would leave lanes empty. Idea: with 16 images side
/// by side a convolution has no shuffles, borders or remainders; a weight is one broadcast for 16 images. Forward and input gradient sum over lists of taps
/// (<see cref="TapRuns"/>, <see cref="TapMicroKernel"/>), the weight gradient keeps a tile of weights in registers while it runs over the pixels
/// (<see cref="BatchLanesWeightGradient"/>). Layout: (N/16)×C×H×W×16. Lanes: samples. Groups of samples and rows run in parallel.
/// Win: see <c>-- layers --layer nielsen</c>.
/// </summary>
internal sealed class BatchLanesConv : IConvAlgorithm
{
    public string Name => "samples in lanes";

    public bool Fuses => true;

    public bool Supports(ConvProblem problem)
        => problem.Groups == 1 && problem.XLayout.Kind == LayoutKind.BatchLanes && problem.YLayout == problem.XLayout;

    public double Cost(ConvProblem problem) => ConvCosts.BatchLanes(problem);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
        => problem.Pass == ConvPass.WeightGradient
            ? new BatchLanesWeightGradient(problem, pool)
            : new BatchLanesTaps(problem, pool);
}

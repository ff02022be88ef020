using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Direct convolution with channels in the lanes: no matrices are made. Idea: a vector holds output channels of one pixel, so that every
/// tap of every pixel is a broadcast float times a vector of weights, whatever the window, stride and dilation; the input gradient of a
/// strided layer is one such convolution for each remainder of the stride (<see cref="TapAxis"/>). Layout: channels in the lanes; x may be
/// plain in the forward pass and the weight gradient, so that first layers read images as they come. Lanes: output channels. See
/// <see cref="TapConvolution"/> and <see cref="TapWeightGradient"/>.
/// Win: 3×3 windows on 64–256 channels at 87–94 % of the FMA peak forward, 85–92 % in the input gradient and 83–87 % in the weight
/// gradient: <c>dotnet run -c Release --project benchmarks -- layers --threads 1</c>. Deep small maps in small batches are bound by the
/// packing of their weights: 512→512 at 7×7, batch 8, at 58–71 %.
/// </summary>
internal sealed class DirectConv : IConvAlgorithm
{
    public string Name => "direct";

    // Volumes go plane by plane: VolumeConv.
    public bool Supports(ConvProblem problem)
    {
        var lanes = Layout.ChannelLanes(VectorWidth.Floats);
        return problem.Groups == 1 && problem.X.Rank <= 3 && problem.YLayout == lanes
            && (problem.XLayout == lanes || (problem.XLayout == Layout.Plain && problem.Pass != ConvPass.InputGradient));
    }

    public bool Fuses => true;

    public double Cost(ConvProblem problem) => ConvCosts.Direct(problem);

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
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Direct convolution with channels in the lanes: no matrices are made. Idea: a vector holds channels of one pixel, so that every tap of
/// every pixel is a broadcast float times a vector of weights, whatever window, stride and dilation.
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

    public double Cost(ConvProblem problem) => CostModel.Microseconds(problem.Flops, 0.85);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        if (problem.Pass == ConvPass.WeightGradient)
        {
            var gradient = new TapWeightGradient(problem);
            return new FunctionKernel("direct", call => gradient.Run(pool, call), gradient.WorkspaceLength);
        }

        var convolution = new TapConvolution(problem);
        return new FunctionKernel("direct", call => convolution.Run(pool, call), preparedLength: convolution.PreparedLength);
    }
}

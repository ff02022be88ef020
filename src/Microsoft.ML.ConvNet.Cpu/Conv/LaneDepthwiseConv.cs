using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Depthwise convolution with channels in the lanes. Idea: a vector holds channels of one pixel, and each channel has weights of its own, so that a
/// product is a vector of pixels times a vector of weights: nothing is broadcast, shuffled or summed over lanes. Four pixels of a row go together where no tap lies in the
/// padding, one where some do. The input gradient gathers: forward over dy with the weights turned round where the stride is 1, by lists of the outputs of each row and column
/// where it is not. Layout: N×(C/L)×H×W×L; weights are packed to (C/L)×taps×L. Lanes: channels. Planes run in parallel, in the weight gradient
/// blocks of channels and fixed groups of samples. Win: <c>-- layers --layer mobilenet</c>, two to four times the plain algorithm.
/// </summary>
internal sealed class LaneDepthwiseConv : IConvAlgorithm
{
    public string Name => "depthwise by lanes";

    // Volumes are left to GEMM, several filters for each channel to the plain algorithm.
    public bool Supports(ConvProblem problem)
        => problem.Groups == problem.X.C && problem.Y.C == problem.X.C && problem.X.Rank <= 3
            && problem.XLayout == Layout.ChannelLanes(VectorWidth.Floats) && problem.YLayout == problem.XLayout;

    public double Cost(ConvProblem problem) => ConvCosts.LaneDepthwise(problem);

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
        => problem.Pass == ConvPass.WeightGradient ? new LaneDepthwiseWeightGradient(problem, pool) : new LaneDepthwise(problem, pool);
}

/// <summary>The numbers of a depthwise problem that loops need; distances are in floats.</summary>
/// <param name="Height">How windows move over rows.</param>
/// <param name="Width">How they move over columns.</param>
/// <param name="X">The shape of x.</param>
/// <param name="Y">The shape of y.</param>
internal sealed record DepthwiseLanes(WindowAxis Height, WindowAxis Width, Shape X, Shape Y)
{
    public int Taps => Height.Size * Width.Size;

    public int Blocks => X.C / VectorWidth.Floats;

    public nint XPlane => (nint)X.Plane * VectorWidth.Floats;

    public nint YPlane => (nint)Y.Plane * VectorWidth.Floats;

    public static DepthwiseLanes Of(ConvProblem problem) => new(problem.Window.Height, problem.Window.Width, problem.X, problem.Y);

    /// <summary>The same from y to x, for a stride of 1: what forward computes with the taps in reverse order.</summary>
    public DepthwiseLanes Adjoint() => new(Turned(Height), Turned(Width), Y, X);

    /// <summary>The taps [first, end) of a window that lie on an axis of so many elements.</summary>
    public static (int First, int End) TapsInside(WindowAxis axis, int output, int size)
    {
        var start = axis.Input(output, 0);
        return WindowGeometry.TapsInside(start, size, axis.Size, axis.Dilation);
    }

    private static WindowAxis Turned(WindowAxis axis)
        => axis with { Before = axis.Extent - 1 - axis.Before, After = axis.Extent - 1 - axis.After };
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Chooses the algorithm of a convolution: of those in <see cref="Algorithms"/> that support the problem the one with the lowest
/// estimate, the first of equals. Forward, input gradient and weight gradient choose each for itself.
/// </summary>
internal static class ConvKernel
{
    /// <summary>
    /// The algorithms, the better ones for what they support first:
    /// 1. depthwise: a channel by itself is no matrix product;
    /// 2. 1×1 as GEMM: the image is the matrix already, nothing is copied;
    /// 3. Winograd, 3×3 windows with channels in the lanes: fewer multiplications, large tiles where they pay and small ones else;
    /// 4. direct: channels in the lanes, no matrices; first layers read the plain image;
    /// 5. samples in the lanes: few or odd channels;
    /// 6. im2col + GEMM: every convolution.
    /// </summary>
    internal static readonly IConvAlgorithm[] Algorithms =
    [
        new DepthwiseConv(),
        new GemmConv(pointwise: true),
        new WinogradConv(WinogradTile4.Outputs),
        new WinogradConv(WinogradTile2.Outputs),
        new DirectConv(),
        new BatchLanesConv(),
        new GemmConv(pointwise: false),
    ];

    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var problem = ConvProblem.Of(signature);
        return Algorithms.Where(a => a.Supports(problem)).MinBy(a => a.Cost(problem)) is { } algorithm ? Bind(algorithm, problem, pool) : null;
    }

    /// <summary>The kernel of an algorithm, with the fused addition and ReLU after it where it does not see to them itself.</summary>
    internal static Kernel Bind(IConvAlgorithm algorithm, ConvProblem problem, WorkerPool pool)
        => (problem.Adds || problem.Relu) && !algorithm.Fuses
            ? new UnfusedEpilogue(algorithm.Bind(problem, pool), problem, pool)
            : algorithm.Bind(problem, pool);
}

/// <summary>One way to compute a convolution and its gradients.</summary>
internal interface IConvAlgorithm
{
    /// <summary>Whether the algorithm computes this problem in these layouts.</summary>
    bool Supports(ConvProblem problem);

    /// <summary>The estimated time on one thread, in microseconds, for the largest batch. See <see cref="CostModel"/>.</summary>
    double Cost(ConvProblem problem);

    /// <summary>
    /// Whether the kernel of the forward pass adds the fused addend and applies the fused ReLU (<see cref="ConvOp.Adds"/>,
    /// <see cref="ConvOp.Relu"/>). Where it does not, it ignores them and a second pass over the output does.
    /// </summary>
    bool Fuses => false;

    /// <summary>Makes the kernel. Its operands are those of the op: <see cref="ConvProblem.Bias"/> and <see cref="ConvProblem.Addend"/> find the optional ones.</summary>
    Kernel Bind(ConvProblem problem, WorkerPool pool);
}

/// <summary>Which of the three convolutions of a layer is computed. A transposed layer is the input gradient of a convolution.</summary>
internal enum ConvPass
{
    Forward,
    InputGradient,
    WeightGradient,
}

/// <summary>A convolution to compute: x and y are always the layer's input and output, whatever is computed from what.</summary>
internal sealed record ConvProblem(ConvPass Pass, Window Window, int Groups, Shape X, Shape Y, int MaxBatch)
{
    /// <summary>How x, or its gradient, lies in memory.</summary>
    public Layout XLayout { get; init; } = Layout.Plain;

    /// <summary>How y, or its gradient, lies in memory.</summary>
    public Layout YLayout { get; init; } = Layout.Plain;

    public bool IsPlain => XLayout == Layout.Plain && YLayout == Layout.Plain;

    /// <summary>Whether a bias is among the operands.</summary>
    public bool HasBias { get; init; }

    /// <summary>Whether the last operand is added to the output.</summary>
    public bool Adds { get; init; }

    /// <summary>Whether negative outputs become zero.</summary>
    public bool Relu { get; init; }

    /// <summary>The bias of a step, or null.</summary>
    public unsafe float* Bias(KernelCall call) => HasBias ? call.Input(2) : null;

    /// <summary>What is added to the output of a step, or null.</summary>
    public unsafe float* Addend(KernelCall call) => Adds ? call.Input(call.Inputs.Length - 1) : null;

    /// <summary>2·multiply-adds for the largest batch.</summary>
    public double Flops => 2.0 * MaxBatch * Y.Length * FilterLength;

    /// <summary>The length of a filter: the channels of a group times the taps.</summary>
    public int FilterLength => X.C / Groups * Window.Taps;

    public int WeightLength => Y.C * FilterLength;

    public VolumeGeometry Geometry
        => new(
            new(X.H, X.W, Y.H, Y.W, Window.Height.Size, Window.Width.Size, Window.Height.Stride, Window.Width.Stride,
                Window.Height.Before, Window.Width.Before, Window.Height.Dilation, Window.Width.Dilation),
            X.D, Y.D, Window.Depth.Size, Window.Depth.Stride, Window.Depth.Before, Window.Depth.Dilation);

    public static ConvProblem Of(OpSignature signature)
    {
        return signature.Op switch
        {
            ConvOp op => New(ConvPass.Forward, op.Window, op.Groups, signature.Inputs[0], signature.Output) with
            {
                HasBias = op.HasBias(signature.Inputs.Count),
                Adds = op.Adds,
                Relu = op.Relu,
            },
            ConvTransposeOp op => New(ConvPass.InputGradient, op.Window, op.Groups, signature.Output, signature.Inputs[0]) with
            {
                HasBias = signature.Inputs.Count > 2,
            },
            ConvWeightGradientOp op => New(ConvPass.WeightGradient, op.Window, op.Groups, signature.Inputs[0], signature.Inputs[1]),
            _ => throw new ArgumentException($"{signature.Op.Name} is not a convolution.", nameof(signature)),
        };

        ConvProblem New(ConvPass pass, Window window, int groups, TensorType x, TensorType y)
            => new(pass, window, groups, x.Shape, y.Shape, signature.MaxBatch) { XLayout = x.Layout, YLayout = y.Layout };
    }
}

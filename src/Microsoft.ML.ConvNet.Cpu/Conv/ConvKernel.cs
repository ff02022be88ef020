using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Chooses the algorithm of a convolution: the first of <see cref="Algorithms"/> that supports the problem. Forward, input
/// gradient and weight gradient choose each for itself.
/// </summary>
internal static class ConvKernel
{
    /// <summary>
    /// The algorithms, the better ones for what they support first:
    /// 1. depthwise: a channel by itself is no matrix product;
    /// 2. 1×1 as GEMM: the image is the matrix already, nothing is copied;
    /// 3. im2col + GEMM: every convolution.
    /// </summary>
    private static readonly IConvAlgorithm[] Algorithms = [new DepthwiseConv(), new GemmConv(pointwise: true), new GemmConv(pointwise: false)];

    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var problem = ConvProblem.Of(signature);
        return Algorithms.FirstOrDefault(a => a.Supports(problem))?.Bind(problem, pool);
    }
}

/// <summary>One way to compute a convolution and its gradients.</summary>
internal interface IConvAlgorithm
{
    bool Supports(ConvProblem problem);

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
    /// <summary>The length of a filter: the channels of a group times the taps.</summary>
    public int FilterLength => X.C / Groups * Window.Taps;

    public int WeightLength => Y.C * FilterLength;

    public VolumeGeometry Geometry
        => new(
            new(X.H, X.W, Y.H, Y.W, Window.Height.Size, Window.Width.Size, Window.Height.Stride, Window.Width.Stride,
                Window.Height.Before, Window.Width.Before, Window.Height.Dilation, Window.Width.Dilation),
            X.D, Y.D, Window.Depth.Size, Window.Depth.Stride, Window.Depth.Before, Window.Depth.Dilation);

    public static ConvProblem Of(OpSignature signature) => signature.Op switch
    {
        ConvOp op => new(ConvPass.Forward, op.Window, op.Groups, signature.Inputs[0].Shape, signature.Output.Shape, signature.MaxBatch),
        ConvTransposeOp op => new(ConvPass.InputGradient, op.Window, op.Groups, signature.Output.Shape, signature.Inputs[0].Shape, signature.MaxBatch),
        ConvWeightGradientOp op => new(ConvPass.WeightGradient, op.Window, op.Groups, signature.Inputs[0].Shape, signature.Inputs[1].Shape, signature.MaxBatch),
        _ => throw new ArgumentException($"{signature.Op.Name} is not a convolution.", nameof(signature)),
    };
}

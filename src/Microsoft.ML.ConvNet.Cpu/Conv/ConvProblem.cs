using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

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
    private readonly ImageStrides? _xStrides;
    private readonly ImageStrides? _yStrides;

    /// <summary>How x, or its gradient, lies in memory.</summary>
    public Layout XLayout { get; init; } = Layout.Plain;

    /// <summary>How y, or its gradient, lies in memory.</summary>
    public Layout YLayout { get; init; } = Layout.Plain;

    /// <summary>x, or its gradient.</summary>
    public TensorType XType => new TensorType(X, true) with { Layout = XLayout };

    /// <summary>y, or its gradient.</summary>
    public TensorType YType => new TensorType(Y, true) with { Layout = YLayout };

    /// <summary>The weight, or its gradient.</summary>
    public TensorType WeightType => new(new ConvOp { Window = Window, Groups = Groups }.WeightShape(X, Y.C), false);

    public bool IsPlain => XLayout == Layout.Plain && YLayout == Layout.Plain;

    /// <summary>Whether a bias is among the operands.</summary>
    public bool HasBias { get; init; }

    /// <summary>Whether the last operand is added to the output.</summary>
    public bool Adds { get; init; }

    /// <summary>Whether negative outputs become zero.</summary>
    public bool Relu { get; init; }

    /// <summary>Whether the weights stay the same for many runs, so that only the first pays for preparing them.</summary>
    public bool KeepsPrepared { get; init; }

    /// <summary>How far apart the parts of x lie in memory; by default x is all there is.</summary>
    public ImageStrides XStrides
    {
        get => _xStrides ?? ImageStrides.Of(X, XLayout);
        init => _xStrides = value;
    }

    /// <summary>Those of y.</summary>
    public ImageStrides YStrides
    {
        get => _yStrides ?? ImageStrides.Of(Y, YLayout);
        init => _yStrides = value;
    }

    /// <summary>Whether the output of the forward pass or of the input gradient is added to what is there.</summary>
    public bool Accumulates { get; init; }

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
            => new(pass, window, groups, x.Shape, y.Shape, signature.MaxBatch)
            {
                XLayout = x.Layout,
                YLayout = y.Layout,
                KeepsPrepared = signature.KeepsPrepared,
            };
    }
}

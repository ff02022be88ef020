using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Chooses the algorithm of a convolution or of a gradient: directly where groups have few channels, such as depthwise ones, otherwise as a
/// product with index maths (<see cref="IProduct"/>), whose operands are never written out as matrices.
/// </summary>
internal static class ConvKernel
{
    /// <summary>Groups with at most so many channels and filters are not worth a tile.</summary>
    private const int FewChannels = 4;

    public static Kernel? Find(OpSignature signature, KernelCache kernels) => signature.Op switch
    {
        ConvOp op => Forward(op, signature, kernels),
        ConvTransposeOp op => InputGradient(op, signature, kernels),
        ConvWeightGradientOp op => WeightGradient(op, signature, kernels),
        _ => null,
    };

    private static Kernel? Forward(ConvOp op, OpSignature signature, KernelCache kernels)
    {
        if (GeometryOf(op.Window, op.Groups, signature.Inputs[0].Shape, signature.Output.Shape) is not { } conv)
            return null;
        var epilogue = new ProductShape { Bias = op.HasBias(signature.Inputs.Count) ? 1 : 0, Adds = op.Adds ? 1 : 0, Relu = op.Relu ? 1 : 0 };
        var last = signature.Inputs.Count - 1;
        if (IsDirect(conv))
            return DirectConv.Forward(kernels, conv, WindowGeometry.Pack(op.Window), epilogue, last);
        var product = new TiledProduct<ForwardProduct>(kernels)
        {
            Groups = op.Groups,
            Window = WindowGeometry.Pack(op.Window),
            ShapeOf = batch => epilogue with
            {
                Rows = conv.GroupFilters,
                Columns = batch * conv.Window.OutPlane,
                Depth = conv.GroupChannels * op.Window.Taps,
                Length = batch * conv.Filters * conv.Window.OutPlane,
                AByDepth = 1,
            },
            ProductOf = _ => new ForwardProduct { Conv = conv },
        };
        return kernels.Step(
            "implicit GEMM",
            call => product.Run(
                call, call.Input(1), call.Input(0), epilogue.Bias != 0 ? call.Input(2) : call.Output(), op.Adds ? call.Input(last) : call.Output()),
            product.WorkspaceLength(signature.MaxBatch));
    }

    private static Kernel? InputGradient(ConvTransposeOp op, OpSignature signature, KernelCache kernels)
    {
        if (GeometryOf(op.Window, op.Groups, op.OutputShape, signature.Inputs[0].Shape) is not { } conv)
            return null;
        var hasBias = signature.Inputs.Count > 2;
        if (IsDirect(conv))
            return DirectConv.InputGradient(kernels, conv, WindowGeometry.Pack(op.Window), hasBias);
        var product = new TiledProduct<InputGradientProduct>(kernels)
        {
            Groups = op.Groups,
            Window = WindowGeometry.Pack(op.Window),
            ShapeOf = batch => new ProductShape
            {
                Rows = conv.GroupChannels,
                Columns = batch * conv.Window.Plane,
                Depth = conv.GroupFilters * op.Window.Taps,
                Length = batch * conv.Channels * conv.Window.Plane,
                AByDepth = 1,
                Bias = hasBias ? 1 : 0,
            },
            ProductOf = _ => new InputGradientProduct { Conv = conv },
        };
        return kernels.Step(
            "implicit GEMM", call => product.Run(call, call.Input(1), call.Input(0), hasBias ? call.Input(2) : call.Output(), call.Output()),
            product.WorkspaceLength(signature.MaxBatch));
    }

    private static Kernel? WeightGradient(ConvWeightGradientOp op, OpSignature signature, KernelCache kernels)
    {
        if (GeometryOf(op.Window, op.Groups, signature.Inputs[0].Shape, signature.Inputs[1].Shape) is not { } conv)
            return null;
        if (IsDirect(conv))
            return DirectConv.WeightGradient(kernels, conv, WindowGeometry.Pack(op.Window));
        var product = new TiledProduct<WeightGradientProduct>(kernels)
        {
            Groups = op.Groups,
            Window = WindowGeometry.Pack(op.Window),
            ShapeOf = batch => new ProductShape
            {
                Rows = conv.GroupFilters,
                Columns = conv.GroupChannels * op.Window.Taps,
                Depth = batch * conv.Window.OutPlane,
                Length = conv.Filters * conv.GroupChannels * op.Window.Taps,
                AByDepth = 1,
                BByDepth = 1,
            },
            ProductOf = _ => new WeightGradientProduct { Conv = conv },
        };
        return kernels.Step(
            "implicit GEMM", call => product.Run(call, call.Input(1), call.Input(0), call.Output(), call.Output()), product.WorkspaceLength(signature.MaxBatch));
    }

    private static bool IsDirect(ConvGeometry conv)
        => conv.Channels > conv.GroupChannels && conv.GroupChannels <= FewChannels && conv.GroupFilters <= FewChannels;

    /// <summary>The geometry; null for windows of more taps along an axis than a packed window holds.</summary>
    private static ConvGeometry? GeometryOf(Window window, int groups, Shape x, Shape y) => WindowGeometry.Fits(window)
        ? new ConvGeometry
        {
            Window = WindowGeometry.Of(window, x, y),
            Channels = x.C,
            Filters = y.C,
            GroupChannels = x.C / groups,
            GroupFilters = y.C / groups,
        }
        : null;
}

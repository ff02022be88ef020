using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Chooses the algorithm of a convolution or of a gradient: directly where groups have few channels, such as depthwise ones; by Winograd's transforms where these save time; otherwise as a
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

    private static Kernel Forward(ConvOp op, OpSignature signature, KernelCache kernels)
    {
        var (conv, window) = (GeometryOf(op.Window, op.Groups, signature.Inputs[0].Shape, signature.Output.Shape), WindowShape.Of(op.Window));
        var epilogue = new Epilogue(signature.Output.Shape.Plane, conv.Filters)
        {
            BiasInput = op.HasBias(signature.Inputs.Count) ? 2 : null,
            AddendInput = op.Adds ? signature.Inputs.Count - 1 : null,
            Relu = op.Relu,
        };
        if (IsDirect(conv))
            return DirectConv.Forward(kernels, conv, window, epilogue);
        var product = new TiledProduct<ForwardProduct>(kernels)
        {
            Groups = op.Groups,
            FormOf = _ => new ProductForm
            {
                Window = window,
                AByDepth = 1,
                AQuads = Is4(conv.GroupChannels * window.Taps),
                BQuads = window.IsPointwise ? Is4(conv.Window.Plane) : 0,
                CQuads = Is4(conv.Window.OutPlane),
            },
            Epilogue = epilogue,
            ShapeOf = batch => new ProductShape
            {
                Rows = conv.GroupFilters,
                Columns = batch * conv.Window.OutPlane,
                Depth = conv.GroupChannels * window.Taps,
                Length = batch * conv.Filters * conv.Window.OutPlane,
            },
            ProductOf = _ => new ForwardProduct { Conv = conv },
        };
        return CudnnConv.Or(
            WinogradConv.Or(
                () => kernels.Step(NameOf(window), call => product.Run(call, 1, 0), product.WorkspaceLength(signature.MaxBatch)),
                op.Window, op.Groups, signature.Inputs[0].Shape, signature.Output.Shape, isGradient: false, epilogue, signature.MaxBatch, kernels),
            new ConvDescription(ConvPass.Forward, signature.MaxBatch, signature.Inputs[0].Shape, signature.Output.Shape, op.Window, op.Groups),
            epilogue,
            kernels);
    }

    private static Kernel InputGradient(ConvTransposeOp op, OpSignature signature, KernelCache kernels)
    {
        var (conv, window) = (GeometryOf(op.Window, op.Groups, op.OutputShape, signature.Inputs[0].Shape), WindowShape.Of(op.Window));
        var epilogue = new Epilogue(op.OutputShape.Plane, conv.Channels) { BiasInput = signature.Inputs.Count > 2 ? 2 : null };
        if (IsDirect(conv))
            return DirectConv.InputGradient(kernels, conv, window, epilogue);
        var parts = InputGradientPart.Of(op.Window, conv, op.OutputShape).ToArray();
        var products = Array.ConvertAll(parts, ProductOf);
        return CudnnConv.Or(
            WinogradConv.Or(
                () => kernels.Step(NameOf(window), call => Array.ForEach(products, p => p.Run(call, 1, 0)), products.Max(p => p.WorkspaceLength(signature.MaxBatch))),
                op.Window, op.Groups, signature.Inputs[0].Shape, op.OutputShape, isGradient: true, epilogue, signature.MaxBatch, kernels),
            new ConvDescription(ConvPass.BackwardData, signature.MaxBatch, op.OutputShape, signature.Inputs[0].Shape, op.Window, op.Groups),
            epilogue,
            kernels);

        TiledProduct<InputGradientProduct> ProductOf(InputGradientPart part) => new(kernels)
        {
            Groups = op.Groups,
            IsWhole = parts.Length == 1,
            Epilogue = epilogue,
            FormOf = _ => new ProductForm
            {
                Window = part.Window,
                AByDepth = window.Taps == 1 ? 0 : 1,
                AQuads = window.Taps == 1 ? Is4(conv.GroupChannels) : 0,
                BQuads = part.Window.IsPointwise ? Is4(conv.Window.OutPlane) : 0,
                CQuads = parts.Length == 1 ? Is4(conv.Window.Plane) : 0,
            },
            ShapeOf = batch => new ProductShape
            {
                Rows = conv.GroupChannels,
                Columns = batch * part.Product.Conv.Window.Plane,
                Depth = part.HasTaps ? conv.GroupFilters * part.Window.Taps : 0,
                Length = batch * conv.Channels * conv.Window.Plane,
            },
            ProductOf = _ => part.Product,
        };
    }

    private static Kernel WeightGradient(ConvWeightGradientOp op, OpSignature signature, KernelCache kernels)
    {
        var (conv, window) = (GeometryOf(op.Window, op.Groups, signature.Inputs[0].Shape, signature.Inputs[1].Shape), WindowShape.Of(op.Window));
        if (IsDirect(conv))
            return DirectConv.WeightGradient(kernels, conv, window);
        var epilogue = new Epilogue();
        var product = new TiledProduct<WeightGradientProduct>(kernels)
        {
            Groups = op.Groups,
            Epilogue = epilogue,
            FormOf = _ => new ProductForm
            {
                Window = window,
                AByDepth = 1,
                BByDepth = 1,
                AQuads = Is4(conv.Window.OutPlane),
                BQuads = window.IsPointwise ? Is4(conv.Window.Plane) : 0,
                CQuads = Is4(conv.GroupChannels * window.Taps),
            },
            ShapeOf = batch => new ProductShape
            {
                Rows = conv.GroupFilters,
                Columns = conv.GroupChannels * window.Taps,
                Depth = batch * conv.Window.OutPlane,
                Length = conv.Filters * conv.GroupChannels * window.Taps,
            },
            ProductOf = _ => new WeightGradientProduct { Conv = conv },
        };
        return CudnnConv.Or(
            WinogradWeightGradient.Or(
                () => kernels.Step(NameOf(window), call => product.Run(call, 1, 0), product.WorkspaceLength(signature.MaxBatch)),
                op.Window, op.Groups, signature.Inputs[0].Shape, signature.Inputs[1].Shape, signature.MaxBatch, kernels),
            new ConvDescription(ConvPass.BackwardFilter, signature.MaxBatch, signature.Inputs[0].Shape, signature.Inputs[1].Shape, op.Window, op.Groups),
            epilogue,
            kernels);
    }

    private static bool IsDirect(ConvGeometry conv)
        => conv.Channels > conv.GroupChannels && conv.GroupChannels <= FewChannels && conv.GroupFilters <= FewChannels;

    /// <summary>A pointwise convolution is a product of matrices as they lie in memory.</summary>
    private static string NameOf(WindowShape window) => window.IsPointwise ? "GEMM" : "implicit GEMM";

    private static int Is4(int extent) => extent % 4 == 0 ? 1 : 0;

    private static ConvGeometry GeometryOf(Window window, int groups, Shape x, Shape y) => new()
    {
        Window = WindowGeometry.Of(window, x, y),
        Channels = x.C,
        Filters = y.C,
        GroupChannels = x.C / groups,
        GroupFilters = y.C / groups,
    };
}

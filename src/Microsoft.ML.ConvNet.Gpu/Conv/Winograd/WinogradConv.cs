using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Convolutions by 3×3 windows without stride, and their input gradients, with a quarter of the multiplications (<see cref="WinogradF43"/>). Idea: for each of the 36 points of a tile, the
/// products of all filters, channels and tiles are one product of matrices, so these are 36 groups of a <see cref="TiledProduct{TProduct}"/>.
/// </summary>
internal sealed class WinogradConv
{
    private readonly WinogradLayout _layout;
    private readonly WinogradFilters _ofFilters;
    private readonly (int H, int W) _before;
    private readonly Epilogue _epilogue;
    private readonly TiledProduct<MatrixProduct> _product;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WinogradFilters> _filters;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WinogradTiles> _inputs;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WinogradTiles, WinogradEnd> _outputs;

    private WinogradConv(KernelCache kernels, WinogradLayout layout, Window window, bool isGradient, Epilogue epilogue)
    {
        var (inputs, outputs) = (layout.X.C, layout.Y.C);
        (_layout, _epilogue) = (layout, epilogue);
        _before = isGradient ? (2 - window.Height.Before, 2 - window.Width.Before) : (window.Height.Before, window.Width.Before);
        _ofFilters = new WinogradFilters
        {
            Rows = outputs,
            Depth = inputs,
            RowStep = isGradient ? 9 : 9 * inputs,
            DepthStep = isGradient ? 9 * outputs : 9,
            Turned = isGradient ? 1 : 0,
        };
        _product = new TiledProduct<MatrixProduct>(kernels)
        {
            Groups = WinogradLayout.Points,
            Epilogue = new Epilogue(),
            ShapeOf = samples => new ProductShape { Rows = outputs, Columns = layout.ColumnsOf(samples), Depth = inputs },
            FormOf = _ => new ProductForm { Window = WindowShape.Of(new Window(new WindowAxis(1), new WindowAxis(1))), AQuads = outputs % 4 == 0 ? 1 : 0, BQuads = 1, CQuads = 1 },
            ProductOf = samples => new MatrixProduct
            {
                RowStep = 1,
                DepthStepA = outputs,
                ColumnStep = 1,
                DepthStepB = layout.ColumnsOf(samples),
                Columns = layout.ColumnsOf(samples),
                GroupStepA = inputs * outputs,
                GroupStepB = inputs * layout.ColumnsOf(samples),
                GroupStepC = outputs * layout.ColumnsOf(samples),
            },
        };
        _filters = kernels.Each<ArrayView<float>, ArrayView<float>, WinogradFilters>(WinogradKernels.Filters);
        _inputs = kernels.Each<ArrayView<float>, ArrayView<float>, WinogradTiles>(WinogradKernels.Inputs);
        _outputs = kernels.Each<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WinogradTiles, WinogradEnd>(WinogradKernels.Outputs);
    }

    private long WorkspaceLength => _layout.LengthOfFilters + (WinogradLayout.Points * (_layout.X.C + _layout.Y.C) * (long)_layout.ColumnsOf(_layout.Samples));

    /// <summary>The kernel of a convolution, or of its input gradient, by the transforms where these are worthwhile, otherwise another.</summary>
    /// <param name="other">The other kernel.</param>
    /// <param name="window">The window of the convolution.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="x">What is read: the input, or the gradient of the output.</param>
    /// <param name="y">What is written: the output, or the gradient of the input.</param>
    /// <param name="isGradient">Whether it is the gradient.</param>
    /// <param name="epilogue">What follows.</param>
    /// <param name="maxBatch">The most samples.</param>
    /// <param name="kernels">The kernels of the device.</param>
    public static Kernel Or(Func<Kernel> other, Window window, int groups, Shape x, Shape y, bool isGradient, Epilogue epilogue, int maxBatch, KernelCache kernels)
    {
        if (WinogradLayout.Find(window, groups, x, y, maxBatch, kernels.Options, kernels.Options.WinogradFloats) is not { } layout)
            return other();
        var conv = new WinogradConv(kernels, layout, window, isGradient, epilogue);
        return kernels.Step(WinogradF43.Name, conv.Run, conv.WorkspaceLength);
    }

    private void Run(KernelCall call)
    {
        var (x, y, addend) = (call.Input(0), call.Output(), _epilogue.AddendOf(call));
        var (inputs, outputs) = (_layout.X, _layout.Y);
        var (bias, adds, relu) = _epilogue.Flags;
        var workspace = call.Workspace(WorkspaceLength);
        var ofFilters = workspace.SubView(0, _layout.LengthOfFilters);
        _filters(inputs.C * outputs.C, call.Input(1), ofFilters, _ofFilters);
        for (var first = 0; first < call.Batch; first += _layout.Samples)
        {
            var samples = Math.Min(_layout.Samples, call.Batch - first);
            var columns = _layout.ColumnsOf(samples);
            var ofInputs = workspace.SubView(ofFilters.IntLength, WinogradLayout.Points * inputs.C * columns);
            var ofOutputs = workspace.SubView(ofFilters.IntLength + ofInputs.IntLength, WinogradLayout.Points * outputs.C * columns);
            var (begin, length) = (first * outputs.Length, samples * outputs.Length);
            _inputs(
                inputs.C * columns, x.SubView(first * inputs.Length, samples * inputs.Length), ofInputs, _layout.Tiles(inputs, samples, _before.H, _before.W));
            _product.Multiply(ofFilters, ofInputs, ofOutputs, samples);
            _outputs(
                outputs.C * columns, ofOutputs, _epilogue.BiasOf(call), addend.SubView(begin, length), y.SubView(begin, length), _layout.Tiles(outputs, samples),
                new WinogradEnd { Bias = bias, Adds = adds, Relu = relu });
        }
    }
}

using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Weight gradients of convolutions by 3×3 windows without stride, with a quarter of the multiplications: <see cref="WinogradConv"/> transposed. Idea: at each of the 36 points of a tile, the
/// sums over all tiles for filters and channels are one product of matrices; those of later samples are added to those of the first.
/// </summary>
internal sealed class WinogradWeightGradient
{
    private readonly WinogradLayout _layout;
    private readonly (int H, int W) _before;
    private readonly int _splits;
    private readonly TiledProduct<MatrixProduct> _product;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WinogradTiles> _inputs, _gradients;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, int, int> _taps;

    private WinogradWeightGradient(KernelCache kernels, WinogradLayout layout, Window window)
    {
        var (channels, filters) = (layout.X.C, layout.Y.C);
        (_layout, _before) = (layout, (window.Height.Before, window.Width.Before));
        _product = new TiledProduct<MatrixProduct>(kernels)
        {
            Groups = WinogradLayout.Points,
            Epilogue = new Epilogue(),
            ShapeOf = samples => new ProductShape { Rows = filters, Columns = channels, Depth = layout.ColumnsOf(samples), Length = layout.LengthOfFilters },
            FormOf = _ => new ProductForm { Window = WindowShape.Of(new Window(new WindowAxis(1), new WindowAxis(1))), AByDepth = 1, BByDepth = 1, AQuads = 1, BQuads = 1, CQuads = channels % 4 == 0 ? 1 : 0 },
            ProductOf = samples => new MatrixProduct
            {
                RowStep = layout.ColumnsOf(samples),
                DepthStepA = 1,
                ColumnStep = layout.ColumnsOf(samples),
                DepthStepB = 1,
                Columns = channels,
                GroupStepA = filters * layout.ColumnsOf(samples),
                GroupStepB = channels * layout.ColumnsOf(samples),
                GroupStepC = filters * channels,
            },
        };
        _splits = _product.SplitsOf(layout.Samples);
        _inputs = kernels.Each<ArrayView<float>, ArrayView<float>, WinogradTiles>(WinogradKernels.Inputs);
        _gradients = kernels.Each<ArrayView<float>, ArrayView<float>, WinogradTiles>(WinogradKernels.OutputGradients);
        _taps = kernels.Each<ArrayView<float>, ArrayView<float>, int, int>(WinogradKernels.FilterGradients);
    }

    private int LengthOfProducts => _splits * _layout.LengthOfFilters;

    private long WorkspaceLength => LengthOfProducts + (WinogradLayout.Points * (_layout.X.C + _layout.Y.C) * (long)_layout.ColumnsOf(_layout.Samples));

    /// <summary>The kernel of a weight gradient by the transforms where these are worthwhile, otherwise another.</summary>
    /// <param name="other">The other kernel.</param>
    /// <param name="window">The window of the convolution.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="x">The shape of the input.</param>
    /// <param name="dY">The shape of the output's gradient.</param>
    /// <param name="maxBatch">The most samples.</param>
    /// <param name="kernels">The kernels of the device.</param>
    public static Kernel Or(Func<Kernel> other, Window window, int groups, Shape x, Shape dY, int maxBatch, KernelCache kernels)
    {
        // Few samples are a product of little depth, whose sums are written and read again for each: more at a time than stay in a cache.
        var floats = 4 * kernels.Options.WinogradFloats;
        if (WinogradLayout.Find(window, groups, x, dY, maxBatch, kernels.Options, floats) is not { } layout)
            return other();
        var gradient = new WinogradWeightGradient(kernels, layout, window);
        return kernels.Step(WinogradF43.Name, gradient.Run, gradient.WorkspaceLength);
    }

    private void Run(KernelCall call)
    {
        var (x, dY) = (call.Input(0), call.Input(1));
        var (inputs, outputs) = (_layout.X, _layout.Y);
        var workspace = call.Workspace(WorkspaceLength);
        var products = workspace.SubView(0, LengthOfProducts);
        for (var first = 0; first < call.Batch; first += _layout.Samples)
        {
            var samples = Math.Min(_layout.Samples, call.Batch - first);
            var columns = _layout.ColumnsOf(samples);
            var ofInputs = workspace.SubView(LengthOfProducts, WinogradLayout.Points * inputs.C * columns);
            var ofOutputs = workspace.SubView(LengthOfProducts + ofInputs.IntLength, WinogradLayout.Points * outputs.C * columns);
            _inputs(
                inputs.C * columns, x.SubView(first * inputs.Length, samples * inputs.Length), ofInputs, _layout.Tiles(inputs, samples, _before.H, _before.W));
            _gradients(outputs.C * columns, dY.SubView(first * outputs.Length, samples * outputs.Length), ofOutputs, _layout.Tiles(outputs, samples));
            _product.Multiply(ofOutputs, ofInputs, products, samples, _splits, adds: first > 0);
        }

        _taps(inputs.C * outputs.C, products, call.Output(), inputs.C * outputs.C, _splits);
    }
}

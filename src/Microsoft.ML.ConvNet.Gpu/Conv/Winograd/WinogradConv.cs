using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Convolutions by 3×3 windows without stride, and their input gradients, with a quarter of the multiplications (<see cref="WinogradF43"/>). Idea: for each of the 36 points of a tile, the
/// products of all filters, channels and tiles are one product of matrices, so these are 36 groups of a <see cref="TiledProduct{TProduct}"/>; samples are taken so many at a time that what is written
/// between the launches may stay in a large cache.
/// </summary>
internal sealed class WinogradConv
{
    private const int Points = WinogradF43.Points * WinogradF43.Points;

    /// <summary>
    /// What is counted as so many multiplications, on a GPU that does some eighteen in the time in which it reads or writes a float: a number that is written and read, and the launches.
    /// </summary>
    private const int OfANumber = 36, OfLaunches = 1 << 27;

    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WinogradFilters> _filters;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, WinogradTiles> _inputs;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WinogradTiles, WinogradEnd> _outputs;
    private readonly TiledProduct<MatrixProduct> _product;
    private readonly Shape _x, _y;
    private readonly (int H, int W) _before;
    private readonly WinogradFilters _ofFilters;
    private readonly Epilogue _epilogue;
    private readonly int _samples;

    /// <param name="kernels">The kernels of the device.</param>
    /// <param name="window">The window of the convolution.</param>
    /// <param name="x">What is read: the input, or the gradient of the output.</param>
    /// <param name="y">What is written: the output, or the gradient of the input.</param>
    /// <param name="isGradient">Whether it is the gradient.</param>
    /// <param name="epilogue">What follows.</param>
    /// <param name="maxBatch">The most samples.</param>
    private WinogradConv(KernelCache kernels, Window window, Shape x, Shape y, bool isGradient, Epilogue epilogue, int maxBatch)
    {
        _filters = kernels.Each<ArrayView<float>, ArrayView<float>, WinogradFilters>(WinogradKernels.Filters);
        _inputs = kernels.Each<ArrayView<float>, ArrayView<float>, WinogradTiles>(WinogradKernels.Inputs);
        _outputs = kernels.Each<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, WinogradTiles, WinogradEnd>(WinogradKernels.Outputs);
        (_x, _y, _epilogue) = (x, y, epilogue);
        _before = isGradient ? (2 - window.Height.Before, 2 - window.Width.Before) : (window.Height.Before, window.Width.Before);
        _ofFilters = new WinogradFilters
        {
            Rows = y.C,
            Depth = x.C,
            RowStep = isGradient ? 9 : 9 * x.C,
            DepthStep = isGradient ? 9 * y.C : 9,
            Turned = isGradient ? 1 : 0,
        };
        var rounds = (maxBatch + MostSamples() - 1) / MostSamples();
        _samples = (maxBatch + rounds - 1) / rounds;
        _product = new TiledProduct<MatrixProduct>(kernels)
        {
            Groups = Points,
            IsWhole = false,
            Epilogue = new Epilogue(),
            ShapeOf = samples => new ProductShape { Rows = y.C, Columns = ColumnsOf(samples), Depth = x.C, Length = Points * y.C * ColumnsOf(samples) },
            FormOf = _ => new ProductForm { Window = WindowShape.Of(new Window(new WindowAxis(1), new WindowAxis(1))), AQuads = y.C % 4 == 0 ? 1 : 0, BQuads = 1 },
            ProductOf = samples => new MatrixProduct
            {
                RowStep = 1,
                DepthStepA = y.C,
                ColumnStep = 1,
                DepthStepB = ColumnsOf(samples),
                Columns = ColumnsOf(samples),
                GroupStepA = x.C * y.C,
                GroupStepB = x.C * ColumnsOf(samples),
                GroupStepC = y.C * ColumnsOf(samples),
            },
        };

        int MostSamples() => Math.Clamp(kernels.Options.WinogradFloats / (Points * (x.C + y.C) * TilesOf(y)), 1, maxBatch);
    }

    /// <summary>The kernel of a convolution, or of its input gradient, by the transforms where these are worthwhile, otherwise the given kernel.</summary>
    /// <param name="own">The other kernel.</param>
    /// <param name="window">The window of the convolution.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="x">What is read: the input, or the gradient of the output.</param>
    /// <param name="y">What is written: the output, or the gradient of the input.</param>
    /// <param name="isGradient">Whether it is the gradient.</param>
    /// <param name="epilogue">What follows.</param>
    /// <param name="maxBatch">The most samples.</param>
    /// <param name="kernels">The kernels of the device.</param>
    public static Kernel Or(Func<Kernel> own, Window window, int groups, Shape x, Shape y, bool isGradient, Epilogue epilogue, int maxBatch, KernelCache kernels)
    {
        if (groups > 1 || !IsAxis(window.Height) || !IsAxis(window.Width) || window.Depth != new WindowAxis(1) || x.D > 1 || !IsWorthwhile(x, y, maxBatch, kernels.Options))
            return own();
        var conv = new WinogradConv(kernels, window, x, y, isGradient, epilogue, maxBatch);
        return kernels.Step("Winograd F(4×4, 3×3)", conv.Run, conv.WorkspaceLength);

        static bool IsAxis(WindowAxis axis) => axis is { Size: 3, Stride: 1, Dilation: 1 };
    }

    private long WorkspaceLength => Points * (((long)_x.C * _y.C) + ((_x.C + _y.C) * (long)ColumnsOf(_samples)));

    private static bool IsWorthwhile(Shape x, Shape y, int samples, GpuOptions options)
    {
        var (filters, tiles) = ((double)x.C * y.C, (double)samples * TilesOf(y));
        var transformed = Points * ((tiles * (filters + (OfANumber * (x.C + y.C)))) + (filters * OfANumber));
        return options.Winograd ?? (!options.ExactConvolution && (9 * filters * samples * y.Plane) - transformed > OfLaunches);
    }

    private static int TilesOf(Shape y) => TilesOf(y.H) * TilesOf(y.W);

    private static int TilesOf(int length) => (length + WinogradF43.Outputs - 1) / WinogradF43.Outputs;

    private int ColumnsOf(int samples) => ((samples * TilesOf(_y)) + 3) / 4 * 4;

    private void Run(KernelCall call)
    {
        var (x, y, addend) = (call.Input(0), call.Output(), _epilogue.AddendOf(call));
        var workspace = call.Workspace(WorkspaceLength);
        var ofFilters = workspace.SubView(0, Points * _x.C * _y.C);
        _filters(_x.C * _y.C, call.Input(1), ofFilters, _ofFilters);
        for (var first = 0; first < call.Batch; first += _samples)
        {
            var samples = Math.Min(_samples, call.Batch - first);
            var columns = ColumnsOf(samples);
            var ofX = workspace.SubView(ofFilters.IntLength, Points * _x.C * columns);
            var ofY = workspace.SubView(ofFilters.IntLength + ofX.IntLength, Points * _y.C * columns);
            _inputs(_x.C * columns, x.SubView(first * _x.Length, samples * _x.Length), ofX, Tiles(_x) with { BeforeH = _before.H, BeforeW = _before.W });
            _product.Multiply(ofFilters, ofX, ofY, samples);
            var (bias, adds, relu) = _epilogue.Flags;
            _outputs(
                _y.C * columns, ofY, _epilogue.BiasOf(call), addend.SubView(first * _y.Length, samples * _y.Length), y.SubView(first * _y.Length, samples * _y.Length), Tiles(_y),
                new WinogradEnd { Bias = bias, Adds = adds, Relu = relu });

            WinogradTiles Tiles(Shape tensor) => new()
            {
                Columns = columns,
                OfPlane = TilesOf(_y),
                OfRow = TilesOf(_y.W),
                Samples = samples,
                Channels = tensor.C,
                Height = tensor.H,
                Width = tensor.W,
            };
        }
    }
}

using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Convolutions whose sets of filters take turns from place to place, up to locally connected layers. Idea: as <see cref="DirectConv"/>; a place says
/// which set it takes, and a weight's gradient is a sum over the places of its set.
/// </summary>
public static class TiledConv
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, TiledConvProduct, SpecializedValue<WindowShape>> _forward = Forward;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, TiledConvProduct, SpecializedValue<WindowShape>> _inputGradient = InputGradient;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, TiledConvProduct, SpecializedValue<WindowShape>> _weightGradient = WeightGradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var (first, second, output) = (signature.Inputs[0].Shape, signature.Inputs[1].Shape, signature.Output.Shape);
        switch (signature.Op)
        {
            case TiledConvOp op:
                {
                    var product = Of(op.Window, op.Tiles, first, output) with { Bias = signature.Inputs.Count > 2 ? 1 : 0 };
                    var (forward, window) = (kernels.Each(_forward), WindowShape.Of(op.Window));
                    return kernels.Step("direct", call => forward(
                        call.Count(), call.Input(0), call.Input(1), product.Bias != 0 ? call.Input(2) : call.Output(), call.Output(), product, SpecializedValue.New(window)));
                }

            case TiledConvInputGradientOp op:
                {
                    var product = Of(op.Window, op.Tiles, output, first);
                    var (gradient, window) = (kernels.Each(_inputGradient), WindowShape.Of(op.Window));
                    return kernels.Step("direct", call => gradient(
                        call.Count(), call.Input(0), call.Input(1), call.Output(), product, SpecializedValue.New(window)));
                }

            case TiledConvWeightGradientOp op:
                {
                    var product = Of(op.Window, op.Tiles, first, second);
                    var (gradient, window) = (kernels.Groups(_weightGradient), WindowShape.Of(op.Window));
                    var places = second.Plane / (op.Tiles.Height * op.Tiles.Width);
                    return kernels.Step("direct", call => gradient(
                        new KernelConfig(new Index2D(call.Count(), 1), LaneSum.GroupOf(1, (long)call.Batch * places / LaneSum.TermsOfAThread)),
                        call.Input(0), call.Input(1), call.Output(), product with { Batch = call.Batch }, SpecializedValue.New(window)));
                }

            default:
                return null;
        }
    }

    /// <summary>One element of y.</summary>
    public static void Forward(
        Index1D i, ArrayView<float> x, ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y, TiledConvProduct product, SpecializedValue<WindowShape> window)
    {
        var geometry = product.Geometry;
        var taps = window.Value.Taps;
        var plane = i / geometry.OutPlane;
        var sample = plane / product.Filters;
        var filter = plane - (sample * product.Filters);
        var output = i - (plane * geometry.OutPlane);
        var place = geometry.Place(output, window.Value);
        var weight = product.WeightOf(product.TileOf(output), filter, 0) * taps;
        var sum = product.Bias != 0 ? bias[filter] : 0f;
        for (var channel = 0; channel < product.Channels; channel++)
        {
            var source = ((sample * product.Channels) + channel) * geometry.Plane;
            for (var tap = 0; tap < taps; tap++)
                sum += w[weight + (channel * taps) + tap] * geometry.Read(x, source, place, WindowGeometry.Tap(tap, window.Value), window.Value);
        }

        y[i] = sum;
    }

    /// <summary>One element of dX.</summary>
    public static void InputGradient(
        Index1D i, ArrayView<float> dY, ArrayView<float> w, ArrayView<float> dX, TiledConvProduct product, SpecializedValue<WindowShape> window)
    {
        var geometry = product.Geometry;
        var (taps, windows) = (window.Value.Taps, window.Value.Seen);
        var plane = i / geometry.Plane;
        var sample = plane / product.Channels;
        var channel = plane - (sample * product.Channels);
        var element = geometry.Element(i - (plane * geometry.Plane));
        var sum = 0f;
        for (var candidate = 0; candidate < windows; candidate++)
        {
            var seen = geometry.Seen(0, element, candidate, window.Value);
            if (seen.Window >= 0)
            {
                var tile = product.TileOf(seen.Window);
                for (var filter = 0; filter < product.Filters; filter++)
                    sum += w[(product.WeightOf(tile, filter, channel) * taps) + seen.Tap] * dY[(((sample * product.Filters) + filter) * geometry.OutPlane) + seen.Window];
            }
        }

        dX[i] = sum;
    }

    /// <summary>One element of dW.</summary>
    public static void WeightGradient(ArrayView<float> x, ArrayView<float> dY, ArrayView<float> dW, TiledConvProduct product, SpecializedValue<WindowShape> window)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var geometry = product.Geometry;
        var taps = window.Value.Taps;
        var row = Grid.IdxX / taps;
        var set = row / product.Channels;
        var channel = row - (set * product.Channels);
        var tile = set / product.Filters;
        var filter = set - (tile * product.Filters);
        var from = WindowGeometry.Tap(Grid.IdxX - (row * taps), window.Value);
        var (top, left) = (tile / product.TilesW, tile % product.TilesW);
        var rows = (geometry.OutH - top + product.TilesH - 1) / product.TilesH;
        var columns = (geometry.OutW - left + product.TilesW - 1) / product.TilesW;
        var sum = 0f;
        for (var term = Group.IdxY; term < product.Batch * rows * columns; term += Group.DimY)
        {
            var line = term / columns;
            var sample = line / rows;
            var output = ((top + ((line - (sample * rows)) * product.TilesH)) * geometry.OutW) + left + ((term - (line * columns)) * product.TilesW);
            sum += dY[(((sample * product.Filters) + filter) * geometry.OutPlane) + output]
                * geometry.Read(x, ((sample * product.Channels) + channel) * geometry.Plane, geometry.Place(output, window.Value), from, window.Value);
        }

        sum = LaneSum.OfFirst(shared, sum);
        if (Group.IdxY == 0)
            dW[Grid.IdxX] = sum;
    }

    private static TiledConvProduct Of(Window window, Size tiles, Shape x, Shape y)
        => new() { Geometry = WindowGeometry.Of(window, x, y), Channels = x.C, Filters = y.C, TilesH = tiles.Height, TilesW = tiles.Width };
}

/// <summary>A tiled convolution.</summary>
public struct TiledConvProduct
{
    /// <summary>How the filters move.</summary>
    public WindowGeometry Geometry;

    /// <summary>The channels of x, the filters of a set, and the sets along each axis.</summary>
    public Divisor Channels, Filters, TilesH, TilesW;

    /// <summary>The samples of a weight gradient.</summary>
    public int Batch;

    /// <summary>Whether there is a bias: 1 or 0.</summary>
    public int Bias;

    /// <summary>The set of filters of a place.</summary>
    public readonly int TileOf(int output)
    {
        var row = output / Geometry.OutW;
        return (row % TilesH * TilesW) + ((output - (row * Geometry.OutW)) % TilesW);
    }

    /// <summary>The plane of the weight of a set, a filter and a channel.</summary>
    public readonly int WeightOf(int tile, int filter, int channel) => (((tile * Filters) + filter) * Channels) + channel;
}

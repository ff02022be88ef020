using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Convolutions of many small groups, such as depthwise ones. Idea: too few products for tiles, so that a thread makes one output from what its window sees,
/// and one element of dX from the windows that see it; neighbouring threads read neighbouring memory. A weight's gradient is a sum over all
/// samples and places, by a group of its own.
/// </summary>
public static class DirectConv
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, DirectProduct, SpecializedValue<WindowShape>> _forward = ForwardElement;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, DirectProduct, SpecializedValue<WindowShape>> _inputGradient = InputGradientElement;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, DirectProduct, int, SpecializedValue<WindowShape>> _weightGradient = WeightGradientElement;

    internal static Kernel Forward(KernelCache kernels, ConvGeometry conv, WindowShape window, Epilogue epilogue)
    {
        var forward = kernels.Each(_forward);
        var (bias, adds, relu) = epilogue.Flags;
        var product = new DirectProduct { Conv = conv, Bias = bias, Adds = adds, Relu = relu };
        return kernels.Step("direct", call => forward(
            call.Count(), call.Input(0), call.Input(1), epilogue.BiasOf(call), epilogue.AddendOf(call), call.Output(), product, SpecializedValue.New(window)));
    }

    internal static Kernel InputGradient(KernelCache kernels, ConvGeometry conv, WindowShape window, Epilogue epilogue)
    {
        var gradient = kernels.Each(_inputGradient);
        var product = new DirectProduct { Conv = conv, Bias = epilogue.Flags.Bias };
        return kernels.Step("direct", call => gradient(
            call.Count(), call.Input(0), call.Input(1), epilogue.BiasOf(call), call.Output(), product, SpecializedValue.New(window)));
    }

    internal static Kernel WeightGradient(KernelCache kernels, ConvGeometry conv, WindowShape window)
    {
        var gradient = kernels.Groups(_weightGradient);
        var product = new DirectProduct { Conv = conv };
        return kernels.Step("direct", call => gradient(
            new KernelConfig(new Index2D(call.Count(), 1), LaneSum.GroupOf(1, (long)call.Batch * conv.Window.OutPlane / LaneSum.TermsOfAThread)),
            call.Input(0), call.Input(1), call.Output(), product, call.Batch, SpecializedValue.New(window)));
    }

    /// <summary>One element of y.</summary>
    public static void ForwardElement(
        Index1D i, ArrayView<float> x, ArrayView<float> w, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> y, DirectProduct product, SpecializedValue<WindowShape> window)
    {
        var conv = product.Conv;
        var taps = window.Value.Taps;
        var plane = i / conv.Window.OutPlane;
        var sample = plane / conv.Filters;
        var filter = plane - (sample * conv.Filters);
        var place = conv.Window.Place(i - (plane * conv.Window.OutPlane), window.Value);
        var source = ((sample * conv.Channels) + (filter / conv.GroupFilters * conv.GroupChannels)) * conv.Window.Plane;
        var sum = product.Bias != 0 ? bias[filter] : 0f;
        for (var channel = 0; channel < conv.GroupChannels; channel++)
        {
            for (var tap = 0; tap < taps; tap++)
            {
                var from = WindowGeometry.Tap(tap, window.Value);
                sum += w[(((filter * conv.GroupChannels) + channel) * taps) + tap] * conv.Window.Read(x, source + (channel * conv.Window.Plane), place, from, window.Value);
            }
        }

        if (product.Adds != 0)
            sum += addend[i];
        y[i] = product.Relu != 0 && sum < 0f ? 0f : sum;
    }

    /// <summary>One element of dX.</summary>
    public static void InputGradientElement(
        Index1D i, ArrayView<float> dY, ArrayView<float> w, ArrayView<float> bias, ArrayView<float> dX, DirectProduct product, SpecializedValue<WindowShape> window)
    {
        var conv = product.Conv;
        var (taps, windows) = (window.Value.Taps, window.Value.Seen);
        var plane = i / conv.Window.Plane;
        var sample = plane / conv.Channels;
        var channel = plane - (sample * conv.Channels);
        var group = channel / conv.GroupChannels;
        var place = conv.Window.Element(i - (plane * conv.Window.Plane));
        var sum = product.Bias != 0 ? bias[channel] : 0f;
        for (var filter = group * conv.GroupFilters; filter < (group + 1) * conv.GroupFilters; filter++)
        {
            var source = ((sample * conv.Filters) + filter) * conv.Window.OutPlane;
            var weight = ((filter * conv.GroupChannels) + channel - (group * conv.GroupChannels)) * taps;
            for (var candidate = 0; candidate < windows; candidate++)
            {
                var seen = conv.Window.Seen(source, place, candidate, window.Value);
                if (seen.Window >= 0)
                    sum += w[weight + seen.Tap] * dY[seen.Window];
            }
        }

        dX[i] = sum;
    }

    /// <summary>One element of dW.</summary>
    public static void WeightGradientElement(ArrayView<float> x, ArrayView<float> dY, ArrayView<float> dW, DirectProduct product, int batch, SpecializedValue<WindowShape> window)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var conv = product.Conv;
        var taps = window.Value.Taps;
        var row = Grid.IdxX / taps;
        var filter = row / conv.GroupChannels;
        var channel = (filter / conv.GroupFilters * conv.GroupChannels) + row - (filter * conv.GroupChannels);
        var from = WindowGeometry.Tap(Grid.IdxX - (row * taps), window.Value);
        var sum = 0f;
        for (var term = Group.IdxY; term < batch * conv.Window.OutPlane; term += Group.DimY)
        {
            var sample = term / conv.Window.OutPlane;
            var output = term - (sample * conv.Window.OutPlane);
            var place = conv.Window.Place(output, window.Value);
            sum += dY[(((sample * conv.Filters) + filter) * conv.Window.OutPlane) + output] * conv.Window.Read(x, ((sample * conv.Channels) + channel) * conv.Window.Plane, place, from, window.Value);
        }

        sum = LaneSum.OfFirst(shared, sum);
        if (Group.IdxY == 0)
            dW[Grid.IdxX] = sum;
    }
}

/// <summary>A convolution and what becomes of its sums.</summary>
public struct DirectProduct
{
    /// <summary>The convolution.</summary>
    public ConvGeometry Conv;

    /// <summary>Whether there is a bias, a tensor is added, and negative results become zero after that: 1 or 0.</summary>
    public int Bias, Adds, Relu;
}

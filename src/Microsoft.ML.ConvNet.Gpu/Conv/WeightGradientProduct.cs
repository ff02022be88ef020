using ILGPU;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Weight gradient: filters × (channels and taps), summed over samples and places of y. A is dY, B is x read through windows. The depth is long and the
/// result small, so that the depth is split among groups.
/// </summary>
public struct WeightGradientProduct : IProduct
{
    /// <summary>The convolution.</summary>
    public ConvGeometry Conv;

    /// <inheritdoc/>
    public readonly Fiber Row(int row, int group, int window) => new() { Offset = ((group * Conv.GroupFilters) + row) * Conv.Window.OutPlane };

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, int window)
    {
        var channel = column / WindowGeometry.Taps(window);
        var tap = Conv.Window.Tap(column - (channel * WindowGeometry.Taps(window)), window);
        return new Fiber
        {
            Offset = ((group * Conv.GroupChannels) + channel) * Conv.Window.Plane,
            D = tap.D - Conv.Window.BeforeD,
            H = tap.H - Conv.Window.BeforeH,
            W = tap.W - Conv.Window.BeforeW,
        };
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, int window)
    {
        var sample = depth / Conv.Window.OutPlane;
        var place = depth - (sample * Conv.Window.OutPlane);
        var layer = Conv.Window.Place(place);
        layer.A = (sample * Conv.Filters * Conv.Window.OutPlane) + place;
        layer.B = sample * Conv.Channels * Conv.Window.Plane;
        return layer;
    }

    /// <inheritdoc/>
    public readonly float LoadB(ArrayView<float> b, Fiber column, Layer depth)
        => Conv.Window.Read(b, column.Offset + depth.B, column.D + depth.D, column.H + depth.H, column.W + depth.W);

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, int window)
        => ((group * Conv.GroupFilters) + row) * Conv.GroupChannels * WindowGeometry.Taps(window);

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column, int window) => column;
}

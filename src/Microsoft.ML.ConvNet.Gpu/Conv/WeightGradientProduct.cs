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
    public readonly int Row(int row, int group, WindowShape window) => ((group * Conv.GroupFilters) + row) * Conv.Window.OutPlane;

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, WindowShape window)
    {
        var channel = column / window.Taps;
        var tap = WindowGeometry.Tap(column - (channel * window.Taps), window);
        var (d, h, w) = (tap.D - Conv.Window.BeforeD, tap.H - Conv.Window.BeforeH, tap.W - Conv.Window.BeforeW);
        return new Fiber { Offset = (((group * Conv.GroupChannels) + channel) * Conv.Window.Plane) + Conv.Window.IndexOf(d, h, w), D = d, H = h, W = w };
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window)
    {
        var sample = depth / Conv.Window.OutPlane;
        var place = depth - (sample * Conv.Window.OutPlane);
        var layer = window.IsPointwise ? default : Conv.Window.Place(place, window);
        layer.A = (sample * Conv.Filters * Conv.Window.OutPlane) + place;
        layer.B = (sample * Conv.Channels * Conv.Window.Plane) + (window.IsPointwise ? place : Conv.Window.IndexOf(layer.D, layer.H, layer.W));
        return layer;
    }

    /// <inheritdoc/>
    public readonly Extents ExtentsOfB() => Conv.Window.Extents();

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window)
        => ((group * Conv.GroupFilters) + row) * Conv.GroupChannels * window.Taps;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column) => column;
}

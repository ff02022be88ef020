namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Forward: filters × (samples and places of y), summed over channels and taps. A is the weight as it lies; B is x, read through windows.</summary>
public struct ForwardProduct : IProduct
{
    /// <summary>The convolution.</summary>
    public ConvGeometry Conv;

    /// <inheritdoc/>
    public readonly int Row(int row, int group, WindowShape window)
        => ((group * Conv.GroupFilters) + row) * Conv.GroupChannels * window.Taps;

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, WindowShape window)
    {
        var sample = column / Conv.Window.OutPlane;
        var output = column - (sample * Conv.Window.OutPlane);
        var start = ((sample * Conv.Channels) + (group * Conv.GroupChannels)) * Conv.Window.Plane;
        if (window.IsPointwise)
            return new Fiber { Offset = start + output };
        var place = Conv.Window.Place(output, window);
        var (d, h, w) = (place.D - Conv.Window.BeforeD, place.H - Conv.Window.BeforeH, place.W - Conv.Window.BeforeW);
        return new Fiber { Offset = start + Conv.Window.IndexOf(d, h, w), D = d, H = h, W = w };
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window)
    {
        if (window.IsPointwise)
            return new Layer { A = depth, B = depth * Conv.Window.Plane };
        var channel = depth / window.Taps;
        var layer = WindowGeometry.Tap(depth - (channel * window.Taps), window);
        layer.A = depth;
        layer.B = (channel * Conv.Window.Plane) + Conv.Window.IndexOf(layer.D, layer.H, layer.W);
        return layer;
    }

    /// <inheritdoc/>
    public readonly Extents ExtentsOfB() => Conv.Window.Extents();

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window) => ((group * Conv.GroupFilters) + row) * Conv.Window.OutPlane;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column)
    {
        var sample = column / Conv.Window.OutPlane;
        return (sample * Conv.Filters * Conv.Window.OutPlane) + column - (sample * Conv.Window.OutPlane);
    }
}

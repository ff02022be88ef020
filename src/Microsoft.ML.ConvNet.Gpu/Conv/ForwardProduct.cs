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
        return new Fiber
        {
            Offset = start,
            D = place.D - Conv.Window.BeforeD,
            H = place.H - Conv.Window.BeforeH,
            W = place.W - Conv.Window.BeforeW,
        };
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window)
    {
        var channel = depth / window.Taps;
        var layer = WindowGeometry.Tap(depth - (channel * window.Taps), window);
        layer.A = depth;
        layer.B = channel * Conv.Window.Plane;
        return layer;
    }

    /// <inheritdoc/>
    public readonly int IndexOfB(Fiber column, Layer depth, WindowShape window)
        => window.IsPointwise
            ? column.Offset + depth.B
            : Conv.Window.IndexAt(column.Offset + depth.B, column.D + depth.D, column.H + depth.H, column.W + depth.W, window);

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window) => ((group * Conv.GroupFilters) + row) * Conv.Window.OutPlane;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column)
    {
        var sample = column / Conv.Window.OutPlane;
        return (sample * Conv.Filters * Conv.Window.OutPlane) + column - (sample * Conv.Window.OutPlane);
    }
}

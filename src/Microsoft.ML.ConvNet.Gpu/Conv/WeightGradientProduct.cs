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
        return new Fiber
        {
            Offset = ((group * Conv.GroupChannels) + channel) * Conv.Window.Plane,
            D = tap.D - Conv.Window.BeforeD,
            H = tap.H - Conv.Window.BeforeH,
            W = tap.W - Conv.Window.BeforeW,
        };
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window)
    {
        var sample = depth / Conv.Window.OutPlane;
        var place = depth - (sample * Conv.Window.OutPlane);
        var layer = window.IsPointwise ? new Layer { B = place } : Conv.Window.Place(place, window);
        layer.A = (sample * Conv.Filters * Conv.Window.OutPlane) + place;
        layer.B += sample * Conv.Channels * Conv.Window.Plane;
        return layer;
    }

    /// <inheritdoc/>
    public readonly int IndexOfB(Fiber column, Layer depth, WindowShape window)
        => window.IsPointwise
            ? column.Offset + depth.B
            : Conv.Window.IndexAt(column.Offset + depth.B, column.D + depth.D, column.H + depth.H, column.W + depth.W, window);

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window)
        => ((group * Conv.GroupFilters) + row) * Conv.GroupChannels * window.Taps;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column) => column;
}

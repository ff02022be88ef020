namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Input gradient: channels × (samples and places of x), summed over filters and taps. A is the weight, read across filters; B is dY at the window
/// that has the place under the tap. With a stride most taps have none: their products are by zero.
/// </summary>
public struct InputGradientProduct : IProduct
{
    /// <summary>The convolution.</summary>
    public ConvGeometry Conv;

    /// <inheritdoc/>
    public readonly int Row(int row, int group, WindowShape window) => row * window.Taps;

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, WindowShape window)
    {
        var sample = column / Conv.Window.Plane;
        var element = column - (sample * Conv.Window.Plane);
        var start = ((sample * Conv.Filters) + (group * Conv.GroupFilters)) * Conv.Window.OutPlane;
        if (window.IsPointwise)
            return new Fiber { Offset = start + element };
        var place = Conv.Window.Element(element);
        place.Offset = start;
        place.D += Conv.Window.BeforeD;
        place.H += Conv.Window.BeforeH;
        place.W += Conv.Window.BeforeW;
        return place;
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window)
    {
        var filter = depth / window.Taps;
        var tap = depth - (filter * window.Taps);
        var layer = WindowGeometry.Tap(tap, window);
        layer.A = (((group * Conv.GroupFilters) + filter) * Conv.GroupChannels * window.Taps) + tap;
        layer.B = filter * Conv.Window.OutPlane;
        return layer;
    }

    /// <inheritdoc/>
    public readonly int IndexOfB(Fiber column, Layer depth, WindowShape window)
        => window.IsPointwise
            ? column.Offset + depth.B
            : Conv.Window.WindowAt(column.Offset + depth.B, column.D - depth.D, column.H - depth.H, column.W - depth.W, window);

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window) => ((group * Conv.GroupChannels) + row) * Conv.Window.Plane;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column)
    {
        var sample = column / Conv.Window.Plane;
        return (sample * Conv.Channels * Conv.Window.Plane) + column - (sample * Conv.Window.Plane);
    }
}

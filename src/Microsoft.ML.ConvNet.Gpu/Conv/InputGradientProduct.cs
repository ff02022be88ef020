using ILGPU;

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
    public readonly Fiber Row(int row, int group, int window) => new() { Offset = row * WindowGeometry.Taps(window) };

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, int window)
    {
        var sample = column / Conv.Window.Plane;
        var place = Conv.Window.Element(column - (sample * Conv.Window.Plane));
        place.Offset = ((sample * Conv.Filters) + (group * Conv.GroupFilters)) * Conv.Window.OutPlane;
        place.D += Conv.Window.BeforeD;
        place.H += Conv.Window.BeforeH;
        place.W += Conv.Window.BeforeW;
        return place;
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, int window)
    {
        var filter = depth / WindowGeometry.Taps(window);
        var tap = depth - (filter * WindowGeometry.Taps(window));
        var layer = Conv.Window.Tap(tap, window);
        layer.A = (((group * Conv.GroupFilters) + filter) * Conv.GroupChannels * WindowGeometry.Taps(window)) + tap;
        layer.B = filter * Conv.Window.OutPlane;
        return layer;
    }

    /// <inheritdoc/>
    public readonly float LoadB(ArrayView<float> b, Fiber column, Layer depth)
    {
        var place = Conv.Window.WindowAt(column.D - depth.D, column.H - depth.H, column.W - depth.W);
        return place >= 0 ? b[column.Offset + depth.B + place] : 0f;
    }

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, int window) => ((group * Conv.GroupChannels) + row) * Conv.Window.Plane;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column, int window)
    {
        var sample = column / Conv.Window.Plane;
        return (sample * Conv.Channels * Conv.Window.Plane) + column - (sample * Conv.Window.Plane);
    }
}

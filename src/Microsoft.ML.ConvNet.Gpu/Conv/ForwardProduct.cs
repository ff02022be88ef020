using ILGPU;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Forward: filters × (samples and places of y), summed over channels and taps. A is the weight as it lies; B is x, read through windows.</summary>
public struct ForwardProduct : IProduct
{
    /// <summary>The convolution.</summary>
    public ConvGeometry Conv;

    /// <inheritdoc/>
    public readonly Fiber Row(int row, int group, int window)
        => new() { Offset = ((group * Conv.GroupFilters) + row) * Conv.GroupChannels * WindowGeometry.Taps(window) };

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, int window)
    {
        var sample = column / Conv.Window.OutPlane;
        var place = Conv.Window.Place(column - (sample * Conv.Window.OutPlane));
        return new Fiber
        {
            Offset = ((sample * Conv.Channels) + (group * Conv.GroupChannels)) * Conv.Window.Plane,
            D = place.D - Conv.Window.BeforeD,
            H = place.H - Conv.Window.BeforeH,
            W = place.W - Conv.Window.BeforeW,
        };
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, int window)
    {
        var channel = depth / WindowGeometry.Taps(window);
        var layer = Conv.Window.Tap(depth - (channel * WindowGeometry.Taps(window)), window);
        layer.A = depth;
        layer.B = channel * Conv.Window.Plane;
        return layer;
    }

    /// <inheritdoc/>
    public readonly float LoadB(ArrayView<float> b, Fiber column, Layer depth)
        => Conv.Window.Read(b, column.Offset + depth.B, column.D + depth.D, column.H + depth.H, column.W + depth.W);

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, int window) => ((group * Conv.GroupFilters) + row) * Conv.Window.OutPlane;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column, int window)
    {
        var sample = column / Conv.Window.OutPlane;
        return (sample * Conv.Filters * Conv.Window.OutPlane) + column - (sample * Conv.Window.OutPlane);
    }
}

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Input gradient: channels × (samples and places of x), summed over filters and taps. A is the weight, read across filters; B is dY at the window
/// that has the place under the tap. With a stride it is one product for each remainder of places by the stride (<see cref="InputGradientPart"/>), with the taps that
/// windows have there: to these places and taps, counted by themselves, the stride is one.
/// </summary>
public struct InputGradientProduct : IProduct
{
    /// <summary>The convolution, with the places of this part as those of x.</summary>
    public ConvGeometry Conv;

    /// <summary>The elements of a whole plane of x, and the first place of this part in it and the distances to the next.</summary>
    public int XPlane, XFirst, XStepD, XStepH, XStepW;

    /// <summary>All taps, and the first one of this part and the distances to the next.</summary>
    public int Taps, TapFirst, TapStepD, TapStepH, TapStepW;

    /// <inheritdoc/>
    public readonly int Row(int row, int group, WindowShape window) => row * Taps;

    /// <inheritdoc/>
    public readonly Fiber Column(int column, int group, WindowShape window)
    {
        var sample = column / Conv.Window.Plane;
        var element = column - (sample * Conv.Window.Plane);
        var start = ((sample * Conv.Filters) + (group * Conv.GroupFilters)) * Conv.Window.OutPlane;
        if (window.IsPointwise)
            return new Fiber { Offset = start + element };
        var place = Conv.Window.Element(element);
        place.D += Conv.Window.BeforeD;
        place.H += Conv.Window.BeforeH;
        place.W += Conv.Window.BeforeW;
        place.Offset = start + Conv.Window.OutIndexOf(place.D, place.H, place.W);
        return place;
    }

    /// <inheritdoc/>
    public readonly Layer Depth(int depth, int group, WindowShape window)
    {
        if (window.IsPointwise)
            return new Layer { A = (((group * Conv.GroupFilters) + depth) * Conv.GroupChannels * Taps) + TapFirst, B = depth * Conv.Window.OutPlane };
        var filter = depth / window.Taps;
        var (d, h, w) = window.Tap(depth - (filter * window.Taps));
        return new Layer
        {
            A = (((group * Conv.GroupFilters) + filter) * Conv.GroupChannels * Taps) + TapFirst + (d * TapStepD) + (h * TapStepH) + (w * TapStepW),
            B = (filter * Conv.Window.OutPlane) - Conv.Window.OutIndexOf(d * window.DilationD, h * window.DilationH, w * window.DilationW),
            D = -d * window.DilationD,
            H = -h * window.DilationH,
            W = -w * window.DilationW,
        };
    }

    /// <inheritdoc/>
    public readonly Extents ExtentsOfB() => new() { D = Conv.Window.OutD, H = Conv.Window.OutH, W = Conv.Window.OutW };

    /// <inheritdoc/>
    public readonly int OutputOfRow(int row, int group, WindowShape window) => ((group * Conv.GroupChannels) + row) * XPlane;

    /// <inheritdoc/>
    public readonly int OutputOfColumn(int column)
    {
        var sample = column / Conv.Window.Plane;
        var place = Conv.Window.Element(column - (sample * Conv.Window.Plane));
        return (sample * Conv.Channels * XPlane) + XFirst + (place.D * XStepD) + (place.H * XStepH) + (place.W * XStepW);
    }
}

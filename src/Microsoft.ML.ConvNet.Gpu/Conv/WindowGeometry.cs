using ILGPU;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// How a window moves over the planes of x to make those of y, along three axes; axes that a tensor does not have are one long. What is here may change
/// from launch to launch; a kernel is compiled for the rest (<see cref="WindowShape"/>).
/// </summary>
public struct WindowGeometry
{
    /// <summary>The extents of a plane of x, and its elements.</summary>
    public Divisor D, H, W, Plane;

    /// <summary>The extents of a plane of y, and its elements.</summary>
    public Divisor OutD, OutH, OutW, OutPlane;

    /// <summary>The padding before the first element.</summary>
    public int BeforeD, BeforeH, BeforeW;

    /// <summary>The geometry of a window over planes of x.</summary>
    internal static WindowGeometry Of(Window window, Shape x, Shape y) => new()
    {
        D = x.D,
        H = x.H,
        W = x.W,
        Plane = x.Plane,
        OutD = y.D,
        OutH = y.H,
        OutW = y.W,
        OutPlane = y.Plane,
        BeforeD = window.Depth.Before,
        BeforeH = window.Height.Before,
        BeforeW = window.Width.Before,
    };

    /// <summary>How far a tap lies from the first, on x.</summary>
    public static Layer Tap(int tap, WindowShape window)
    {
        var (d, h, w) = window.Tap(tap);
        return new Layer { D = d * window.DilationD, H = h * window.DilationH, W = w * window.DilationW };
    }

    /// <summary>How far a window lies from the first, on x.</summary>
    public readonly Layer Place(int output, WindowShape window)
    {
        var row = output / OutW;
        var plane = row / OutH;
        return new Layer
        {
            D = plane * window.StrideD,
            H = (row - (plane * OutH)) * window.StrideH,
            W = (output - (row * OutW)) * window.StrideW,
        };
    }

    /// <summary>The extents of a plane of x.</summary>
    public readonly Extents Extents() => new() { D = D, H = H, W = W };

    /// <summary>The index in a plane of x of a place, or the distance in memory that belongs to one between places.</summary>
    public readonly int IndexOf(int d, int h, int w) => (((d * H) + h) * W) + w;

    /// <summary>The index in a plane of y of a place, or the distance in memory that belongs to one between places.</summary>
    public readonly int OutIndexOf(int d, int h, int w) => (((d * OutH) + h) * OutW) + w;

    /// <summary>The place of an element of x.</summary>
    public readonly Fiber Element(int element)
    {
        var row = element / W;
        var plane = row / H;
        return new Fiber { D = plane, H = row - (plane * H), W = element - (row * W) };
    }

    /// <summary>The index of an element of the plane of x at an offset; negative where it is padding.</summary>
    public readonly int IndexAt(int offset, int d, int h, int w, WindowShape window)
    {
        var isInside = (window.KeepsD != 0 || (uint)d < (uint)D.Value)
            & (window.KeepsH != 0 || (uint)h < (uint)H.Value)
            & (window.KeepsW != 0 || (uint)w < (uint)W.Value);
        return isInside ? offset + IndexOf(d, h, w) : -1;
    }

    /// <summary>The index of the element under a tap of the window at a place; negative where it is padding.</summary>
    public readonly int IndexAt(int offset, Layer place, Layer tap, WindowShape window)
        => IndexAt(offset, place.D + tap.D - BeforeD, place.H + tap.H - BeforeH, place.W + tap.W - BeforeW, window);

    /// <summary>The element under a tap of the window at a place; zero where it is padding.</summary>
    public readonly float Read(ArrayView<float> x, int offset, Layer place, Layer tap, WindowShape window)
        => ReadAt(x, IndexAt(offset, place, tap, window));

    /// <summary>The element at an index; zero where it is negative. There is no branch: another element is read instead.</summary>
    public static float ReadAt(ArrayView<float> x, int index)
    {
        var value = x[IntrinsicMath.Max(index, 0)];
        return index >= 0 ? value : 0f;
    }

    /// <summary>One of the windows that may see an element of x, of which there are <see cref="WindowShape.Seen"/>.</summary>
    /// <param name="offset">Where the plane of y begins.</param>
    /// <param name="element">The element.</param>
    /// <param name="candidate">Which of the windows: the first begins last.</param>
    /// <param name="window">The window.</param>
    public readonly Sight Seen(int offset, Fiber element, int candidate, WindowShape window)
    {
        var row = candidate / window.SeenW;
        var layer = window.SeenD.Value == 1 ? 0 : row / window.SeenH;
        var (d, h, w) = (element.D + BeforeD, element.H + BeforeH, element.W + BeforeW);
        var (outD, outH, outW) = ((d / window.StrideD) - layer, (h / window.StrideH) - (row - (layer * window.SeenH)), (w / window.StrideW) - (candidate - (row * window.SeenW)));

        // How far the element is from the beginning of the window.
        (d, h, w) = (d - (outD * window.StrideD), h - (outH * window.StrideH), w - (outW * window.StrideW));
        var (tapD, tapH, tapW) = (d / window.DilationD, h / window.DilationH, w / window.DilationW);
        var isSeen = (window.KeepsD != 0 || ((uint)outD < (uint)OutD.Value & tapD * window.DilationD == d & tapD < window.SizeD.Value))
            & (window.KeepsH != 0 || ((uint)outH < (uint)OutH.Value & tapH * window.DilationH == h & tapH < window.SizeH.Value))
            & (window.KeepsW != 0 || ((uint)outW < (uint)OutW.Value & tapW * window.DilationW == w & tapW < window.SizeW.Value));
        return new Sight { Window = isSeen ? offset + OutIndexOf(outD, outH, outW) : -1, Tap = (((tapD * window.SizeH) + tapH) * window.SizeW) + tapW };
    }
}

/// <summary>A window that sees an element.</summary>
public struct Sight
{
    /// <summary>The window's index in y; negative where there is none.</summary>
    public int Window;

    /// <summary>The tap that the element is under.</summary>
    public int Tap;
}

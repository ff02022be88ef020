using ILGPU;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>How a window moves over the planes of x to make those of y, along three axes; axes that a tensor does not have are one long.</summary>
public struct WindowGeometry
{
    /// <summary>The extents of a plane of x.</summary>
    public int D, H, W;

    /// <summary>The extents of a plane of y.</summary>
    public int OutD, OutH, OutW;

    /// <summary>The steps between two windows.</summary>
    public int StrideD, StrideH, StrideW;

    /// <summary>The padding before the first element.</summary>
    public int BeforeD, BeforeH, BeforeW;

    /// <summary>The distances between two taps.</summary>
    public int DilationD, DilationH, DilationW;

    /// <summary>The elements of a plane of x.</summary>
    public readonly int Plane => D * H * W;

    /// <summary>The elements of a plane of y.</summary>
    public readonly int OutPlane => OutD * OutH * OutW;

    /// <summary>The extents of a window in one number: the height and the width have a byte each.</summary>
    internal static int Pack(Window window) => (window.Depth.Size << 16) | (window.Height.Size << 8) | window.Width.Size;

    /// <summary>Whether they fit.</summary>
    internal static bool Fits(Window window) => window is { Depth.Size: <= 255, Height.Size: <= 255, Width.Size: <= 255 };

    /// <summary>The geometry of a window over planes of x.</summary>
    internal static WindowGeometry Of(Window window, Shape x, Shape y) => new()
    {
        D = x.D,
        H = x.H,
        W = x.W,
        OutD = y.D,
        OutH = y.H,
        OutW = y.W,
        StrideD = window.Depth.Stride,
        StrideH = window.Height.Stride,
        StrideW = window.Width.Stride,
        BeforeD = window.Depth.Before,
        BeforeH = window.Height.Before,
        BeforeW = window.Width.Before,
        DilationD = window.Depth.Dilation,
        DilationH = window.Height.Dilation,
        DilationW = window.Width.Dilation,
    };

    /// <summary>The taps of a packed window.</summary>
    public static int Taps(int window) => SizeD(window) * SizeH(window) * SizeW(window);

    /// <summary>The depth of a packed window.</summary>
    public static int SizeD(int window) => window >> 16;

    /// <summary>The height of a packed window.</summary>
    public static int SizeH(int window) => (window >> 8) & 255;

    /// <summary>The width of a packed window.</summary>
    public static int SizeW(int window) => window & 255;

    /// <summary>How far a tap lies from the first, on x.</summary>
    public readonly Layer Tap(int tap, int window)
    {
        var row = tap / SizeW(window);
        var plane = row / SizeH(window);
        return new Layer
        {
            D = plane * DilationD,
            H = (row - (plane * SizeH(window))) * DilationH,
            W = (tap - (row * SizeW(window))) * DilationW,
        };
    }

    /// <summary>How far a window lies from the first, on x.</summary>
    public readonly Layer Place(int output)
    {
        var row = output / OutW;
        var plane = row / OutH;
        return new Layer { D = plane * StrideD, H = (row - (plane * OutH)) * StrideH, W = (output - (row * OutW)) * StrideW };
    }

    /// <summary>The place of an element of x.</summary>
    public readonly Fiber Element(int element)
    {
        var row = element / W;
        var plane = row / H;
        return new Fiber { D = plane, H = row - (plane * H), W = element - (row * W) };
    }

    /// <summary>One element of the plane of x at an offset; zero where it is padding.</summary>
    public readonly float Read(ArrayView<float> x, int offset, int d, int h, int w)
        => (uint)d < (uint)D && (uint)h < (uint)H && (uint)w < (uint)W ? x[offset + (((d * H) + h) * W) + w] : 0f;

    /// <summary>One element of the plane of x at an offset: that under a tap of the window at a place; zero where it is padding.</summary>
    public readonly float Read(ArrayView<float> x, int offset, Layer place, Layer tap)
        => Read(x, offset, place.D + tap.D - BeforeD, place.H + tap.H - BeforeH, place.W + tap.W - BeforeW);

    /// <summary>Whether a tap of the window at a place lies on x rather than on padding.</summary>
    public readonly bool IsInside(Layer place, Layer tap)
        => (uint)(place.D + tap.D - BeforeD) < (uint)D && (uint)(place.H + tap.H - BeforeH) < (uint)H && (uint)(place.W + tap.W - BeforeW) < (uint)W;

    /// <summary>The index in a plane of x of the element under a tap of the window at a place.</summary>
    public readonly int IndexOf(Layer place, Layer tap)
        => ((((place.D + tap.D - BeforeD) * H) + place.H + tap.H - BeforeH) * W) + place.W + tap.W - BeforeW;

    /// <summary>The index in a plane of y of the window that has an element of x under a tap; negative where none has.</summary>
    public readonly int WindowOf(Fiber element, Layer tap)
        => WindowAt(element.D + BeforeD - tap.D, element.H + BeforeH - tap.H, element.W + BeforeW - tap.W);

    /// <summary>
    /// The index in a plane of y of the window that begins at a place of x (counted with the padding before it); negative where none does.
    /// </summary>
    public readonly int WindowAt(int d, int h, int w)
    {
        if (d < 0 || h < 0 || w < 0)
            return -1;
        var (outD, outH, outW) = (d / StrideD, h / StrideH, w / StrideW);
        return outD * StrideD == d && outH * StrideH == h && outW * StrideW == w && outD < OutD && outH < OutH && outW < OutW
            ? (((outD * OutH) + outH) * OutW) + outW
            : -1;
    }
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// What a kernel that looks through windows is compiled for, as constants. The driver's compiler does not turn divisions by constants into multiplications, so they are prepared as
/// <see cref="Divisor"/>s, which are constants too.
/// </summary>
public record struct WindowShape
{
    /// <summary>The extents of the window.</summary>
    public Divisor SizeD, SizeH, SizeW;

    /// <summary>The taps of the window.</summary>
    public Divisor Taps;

    /// <summary>The steps between two windows.</summary>
    public Divisor StrideD, StrideH, StrideW;

    /// <summary>The distances between two taps.</summary>
    public Divisor DilationD, DilationH, DilationW;

    /// <summary>The most windows along each axis that see one element of x, and the most of all.</summary>
    public Divisor SeenD, SeenH, SeenW, Seen;

    /// <summary>Whether each place of y sees that of x alone along an axis, as it does along axes that a tensor does not have: 1 or 0.</summary>
    public int KeepsD, KeepsH, KeepsW;

    /// <summary>Whether each place of y sees that of x alone.</summary>
    public readonly bool IsPointwise => KeepsD != 0 && KeepsH != 0 && KeepsW != 0;

    /// <summary>The place of a tap in the window.</summary>
    public readonly (int D, int H, int W) Tap(int tap)
    {
        var row = tap / SizeW;
        var plane = SizeD.Value == 1 ? 0 : row / SizeH;
        return (plane, row - (plane * SizeH), tap - (row * SizeW));
    }

    /// <summary>What is constant of a window.</summary>
    internal static WindowShape Of(Window window)
    {
        var (d, h, w) = (Seen(window.Depth), Seen(window.Height), Seen(window.Width));
        return new()
        {
            SizeD = window.Depth.Size,
            SizeH = window.Height.Size,
            SizeW = window.Width.Size,
            Taps = window.Taps,
            StrideD = window.Depth.Stride,
            StrideH = window.Height.Stride,
            StrideW = window.Width.Stride,
            DilationD = window.Depth.Dilation,
            DilationH = window.Height.Dilation,
            DilationW = window.Width.Dilation,
            KeepsD = Keeps(window.Depth),
            KeepsH = Keeps(window.Height),
            KeepsW = Keeps(window.Width),
            SeenD = d,
            SeenH = h,
            SeenW = w,
            Seen = d * h * w,
        };

        static int Seen(WindowAxis axis) => (axis.Extent + axis.Stride - 1) / axis.Stride;
    }

    private static int Keeps(WindowAxis axis) => axis == new WindowAxis(1) ? 1 : 0;
}

using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>A window that slides along one axis of <paramref name="Size"/> elements. What follows the axis is implied by the outputs.</summary>
internal readonly record struct PoolAxis(WindowAxis Window, int Size, int Outputs)
{
    /// <summary>Whether there is one window, and it is the axis itself.</summary>
    public bool IsWhole => Outputs == 1 && Window.Size == Size && Window is { Before: 0, Dilation: 1 };

    /// <summary>The element under the first tap of a window; negative in the padding.</summary>
    public int Start(int output) => (output * Window.Stride) - Window.Before;

    /// <summary>The taps [First, End) of a window that fall on the axis.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (int First, int End) TapsInside(int output)
    {
        var start = Start(output);
        var first = start >= 0 ? 0 : Math.Min(Window.Size, GemmBlocking.DivideRoundingUp(-start, Window.Dilation));
        var end = start >= Size ? 0 : Math.Min(Window.Size, ((Size - 1 - start) / Window.Dilation) + 1);
        return (first, Math.Max(first, end));
    }
}

/// <summary>A window that slides over planes of depth×height×width; images have a depth of one, sequences a height of one too.</summary>
internal readonly record struct PoolGeometry(PoolAxis Depth, PoolAxis Height, PoolAxis Width)
{
    public nint PlaneSize => (nint)Depth.Size * Height.Size * Width.Size;

    public nint OutputSize => (nint)Depth.Outputs * Height.Outputs * Width.Outputs;

    public int Taps => Depth.Window.Size * Height.Window.Size * Width.Window.Size;

    /// <summary>Whether there is one window, and it is the plane itself.</summary>
    public bool IsGlobal => Depth.IsWhole && Height.IsWhole && Width.IsWhole;

    public static PoolGeometry Of(Window window, Shape x, Shape y)
        => new(new(window.Depth, x.D, y.D), new(window.Height, x.H, y.H), new(window.Width, x.W, y.W));
}

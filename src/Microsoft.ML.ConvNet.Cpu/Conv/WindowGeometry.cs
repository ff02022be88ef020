namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A window that slides over a plane. Padding is what comes before the plane; what follows it is implied by the output's size.
/// </summary>
internal readonly record struct WindowGeometry(
    int Height, int Width, int OutputHeight, int OutputWidth,
    int KernelHeight, int KernelWidth,
    int StrideY = 1, int StrideX = 1,
    int PaddingTop = 0, int PaddingLeft = 0,
    int DilationY = 1, int DilationX = 1)
{
    public nint PlaneSize => (nint)Height * Width;

    public nint OutputSize => (nint)OutputHeight * OutputWidth;

    public int KernelSize => KernelHeight * KernelWidth;

    /// <summary>The outputs [First, End) whose tap at <paramref name="offset"/> (padding taken off) falls inside [0, size).</summary>
    public static (int First, int End) OutputsInside(int offset, int size, int stride, int outputs)
    {
        var first = offset >= 0 ? 0 : GemmBlocking.DivideRoundingUp(-offset, stride);
        var end = offset >= size ? 0 : ((size - 1 - offset) / stride) + 1;
        first = Math.Min(first, outputs);
        return (first, Math.Clamp(end, first, outputs));
    }

    /// <summary>The taps [First, End) of a window at <paramref name="start"/> that fall inside [0, size).</summary>
    public static (int First, int End) TapsInside(int start, int size, int kernel, int dilation)
    {
        var first = start >= 0 ? 0 : Math.Min(kernel, GemmBlocking.DivideRoundingUp(-start, dilation));
        var end = start >= size ? 0 : Math.Min(kernel, ((size - 1 - start) / dilation) + 1);
        return (first, Math.Max(first, end));
    }
}

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Where images lie that may be parts of larger ones: some of their channels, or the planes of volumes.</summary>
/// <param name="Block">Floats from a block of channels, as many as there are lanes, to the next.</param>
/// <param name="Sample">Floats from a sample to the next; with samples in the lanes from a group of samples.</param>
internal readonly record struct ImageStrides(nint Block, nint Sample)
{
    /// <summary>The strides of images that are all there is.</summary>
    public static ImageStrides Of(Shape shape, Layout layout) => layout.Kind == LayoutKind.BatchLanes
        ? new((nint)shape.Plane * layout.Lanes, (nint)shape.Length * layout.Lanes)
        : new((nint)shape.Plane * layout.Lanes, shape.Length);
}

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A window that slides over a volume: over planes as <paramref name="Plane"/> says, and over the depth. A plane is a volume of depth 1.
/// </summary>
internal readonly record struct VolumeGeometry(
    WindowGeometry Plane, int Depth = 1, int OutputDepth = 1, int KernelDepth = 1, int StrideZ = 1, int PaddingFront = 0, int DilationZ = 1)
{
    public nint Size => Depth * Plane.PlaneSize;

    public nint OutputSize => OutputDepth * Plane.OutputSize;

    public int KernelSize => KernelDepth * Plane.KernelSize;

    public static implicit operator VolumeGeometry(WindowGeometry plane) => new(plane);
}

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

    /// <summary>The same windows, but only those of <paramref name="depth"/> output planes from <paramref name="first"/> on.</summary>
    public VolumeGeometry Slab(int first, int depth) => this with { OutputDepth = depth, PaddingFront = PaddingFront - (first * StrideZ) };

    public static implicit operator VolumeGeometry(WindowGeometry plane) => new(plane);
}

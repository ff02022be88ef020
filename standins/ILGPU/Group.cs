using ILGPU.Kernels;

namespace ILGPU;

/// <summary>The threads of the group, and the one that runs.</summary>
public static class Group
{
    public static int IdxX => Lane.Current.GroupX;
    public static int IdxY => Lane.Current.GroupY;
    public static int IdxZ => Lane.Current.GroupZ;
    public static int DimX => Lane.Current.GroupDim.X;
    public static int DimY => Lane.Current.GroupDim.Y;
    public static int DimZ => Lane.Current.GroupDim.Z;
    public static Index3D Index => new(IdxX, IdxY, IdxZ);
    public static Index3D Dimension => Lane.Current.GroupDim;
    public static int LinearIndex => Lane.Current.GroupLinear;
    public static bool IsFirstThread => LinearIndex == 0;
    public static bool IsLastThread => LinearIndex == Dimension.Size - 1;

    /// <summary>Kernels with barriers are compiled to leave here and to come back; nothing calls this.</summary>
    public static void Barrier() =>
        throw new NotSupportedException("A barrier stands in a kernel with groups of its own, in the kernel or in a method that it calls directly.");
}

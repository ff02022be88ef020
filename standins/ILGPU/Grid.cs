using ILGPU.Kernels;

namespace ILGPU;

/// <summary>The groups of the launch, and the one that runs.</summary>
public static class Grid
{
    public static int IdxX => Lane.Current.GridX;
    public static int IdxY => Lane.Current.GridY;
    public static int IdxZ => Lane.Current.GridZ;
    public static int DimX => Lane.Current.GridDim.X;
    public static int DimY => Lane.Current.GridDim.Y;
    public static int DimZ => Lane.Current.GridDim.Z;
    public static Index3D Index => new(IdxX, IdxY, IdxZ);
    public static Index3D Dimension => Lane.Current.GridDim;
    public static int LinearIndex => Lane.Current.GridLinear;
    public static Index3D GlobalIndex => ComputeGlobalIndex(Index, Group.Index);
    public static int GlobalLinearIndex => LinearIndex * Group.Dimension.Size + Group.LinearIndex;

    public static Index1D ComputeGlobalIndex(Index1D gridIdx, Index1D groupIdx) => groupIdx.X + gridIdx.X * Group.DimX;
    public static Index2D ComputeGlobalIndex(Index2D gridIdx, Index2D groupIdx) => groupIdx + gridIdx * Group.Dimension.XY;
    public static Index3D ComputeGlobalIndex(Index3D gridIdx, Index3D groupIdx) => groupIdx + gridIdx * Group.Dimension;
}

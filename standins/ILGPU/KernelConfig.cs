namespace ILGPU;

/// <summary>How many groups a kernel is launched with, and how many threads a group has.</summary>
public readonly struct KernelConfig
{
    public KernelConfig(Index1D gridDim, Index1D groupDim) : this(new Index3D(gridDim.X, 1, 1), new Index3D(groupDim.X, 1, 1)) { }
    public KernelConfig(Index2D gridDim, Index2D groupDim) : this(new Index3D(gridDim, 1), new Index3D(groupDim, 1)) { }

    public KernelConfig(int gridDimX, int gridDimY, int gridDimZ, int groupDimX, int groupDimY, int groupDimZ)
        : this(new Index3D(gridDimX, gridDimY, gridDimZ), new Index3D(groupDimX, groupDimY, groupDimZ)) { }

    public KernelConfig(Index3D gridDim, Index3D groupDim)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gridDim.LongSize, nameof(gridDim));
        ArgumentOutOfRangeException.ThrowIfNegative(groupDim.LongSize, nameof(groupDim));
        GridDim = gridDim;
        GroupDim = groupDim;
    }

    public Index3D GridDim { get; }
    public Index3D GroupDim { get; }
    public bool IsValid => GridDim is { X: > 0, Y: > 0, Z: > 0 } && GroupDim is { X: > 0, Y: > 0, Z: > 0 };
    public long Size => GridDim.LongSize * GroupDim.LongSize;

    public static implicit operator KernelConfig((Index1D, Index1D) dimensions) => new(dimensions.Item1, dimensions.Item2);
    public static implicit operator KernelConfig((Index2D, Index2D) dimensions) => new(dimensions.Item1, dimensions.Item2);
    public static implicit operator KernelConfig((Index3D, Index1D) dimensions) => new(dimensions.Item1, new Index3D(dimensions.Item2.X, 1, 1));
    public static implicit operator KernelConfig((Index3D, Index2D) dimensions) => new(dimensions.Item1, new Index3D(dimensions.Item2, 1));
    public static implicit operator KernelConfig((Index3D, Index3D) dimensions) => new(dimensions.Item1, dimensions.Item2);
    public static implicit operator (Index3D, Index3D)(KernelConfig config) => config.ToDimensions();

    public (Index3D, Index3D) ToDimensions() => (GridDim, GroupDim);

    public void Deconstruct(out Index3D gridDim, out Index3D groupDim)
    {
        gridDim = GridDim;
        groupDim = GroupDim;
    }
}

namespace ILGPU.Kernels;

/// <summary>Which thread of which group the current thread of the CPU is just running.</summary>
internal sealed class Lane(Index3D gridDim, Index3D groupDim)
{
    [ThreadStatic]
    private static Lane? t_current;

    public readonly Index3D GridDim = gridDim;
    public readonly Index3D GroupDim = groupDim;
    public readonly GroupMemory Memory = new();

    public int GridX, GridY, GridZ;
    public int GroupX, GroupY, GroupZ;

    public static Lane Current => t_current ?? throw new InvalidOperationException("Only kernels have a place in a grid and a group.");

    /// <summary>Says which allocation of shared memory comes next. Compiled kernels call this.</summary>
    public static void AllocatesAt(int site) => Current.Memory.Site = site;

    public int GroupLinear => GroupX + GroupDim.X * (GroupY + GroupDim.Y * GroupZ);
    public int GridLinear => GridX + GridDim.X * (GridY + GridDim.Y * GridZ);

    public void Enter() => t_current = this;

    public void Leave()
    {
        t_current = null;
        Memory.Free();
    }

    public void MoveToGroup(long group)
    {
        GridX = (int)(group % GridDim.X);
        GridY = (int)(group / GridDim.X % GridDim.Y);
        GridZ = (int)(group / GridDim.X / GridDim.Y);
        Memory.Reset();
    }

    public void MoveTo(int thread)
    {
        GroupX = thread % GroupDim.X;
        GroupY = thread / GroupDim.X % GroupDim.Y;
        GroupZ = thread / GroupDim.X / GroupDim.Y;
    }
}

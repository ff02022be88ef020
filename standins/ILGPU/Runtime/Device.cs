namespace ILGPU.Runtime;

public abstract class Device
{
    protected Device() { }

    public AcceleratorType AcceleratorType { get; private protected set; }
    public string Name { get; protected set; } = "";
    public long MemorySize { get; protected set; }
    public Index3D MaxGridSize { get; protected set; }
    public Index3D MaxGroupSize { get; protected set; }
    public int MaxNumThreadsPerGroup { get; protected set; }
    public int MaxSharedMemoryPerGroup { get; protected set; }
    public int MaxConstantMemory { get; protected set; }
    public int WarpSize { get; protected set; }
    public int NumMultiprocessors { get; protected set; }
    public int MaxNumThreadsPerMultiprocessor { get; protected set; }
    public int MaxNumThreads => NumMultiprocessors * MaxNumThreadsPerMultiprocessor;

    public abstract Accelerator CreateAccelerator(Context context);

    public override bool Equals(object? obj) => obj is Device other && other.AcceleratorType == AcceleratorType && other.Name == Name;
    public override int GetHashCode() => (int)AcceleratorType;
    public override string ToString() => $"{Name} [Type: {AcceleratorType}, WarpSize: {WarpSize}, MaxNumThreadsPerGroup: {MaxNumThreadsPerGroup}, MemorySize: {MemorySize}]";
}

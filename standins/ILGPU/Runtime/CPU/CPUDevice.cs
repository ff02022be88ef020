using System.Collections.Immutable;

namespace ILGPU.Runtime.CPU;

public enum CPUDeviceKind
{
    Default = 0,
    Nvidia = 1,
    AMD = 2,
    LegacyAMD = 3,
    Intel = 4,
}

/// <summary>The CPU in the shape of a GPU: warps, threads in a group and multiprocessors are those of the real library's devices.</summary>
public sealed class CPUDevice : Device
{
    public static readonly CPUDevice Default = new(4, 4, 1);
    public static readonly CPUDevice Nvidia = new(32, 32, 1);
    public static readonly CPUDevice AMD = new(32, 8, 1);
    public static readonly CPUDevice LegacyAMD = new(64, 4, 1);
    public static readonly CPUDevice Intel = new(16, 8, 1);

    public static readonly ImmutableArray<CPUDevice> All = [Default, Nvidia, AMD, LegacyAMD, Intel];

    public CPUDevice(int numThreadsPerWarp, int numWarpsPerMultiprocessor, int numMultiprocessors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numThreadsPerWarp, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(numWarpsPerMultiprocessor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(numMultiprocessors, 1);
        var threads = numThreadsPerWarp * numWarpsPerMultiprocessor;
        AcceleratorType = AcceleratorType.CPU;
        Name = nameof(CPUAccelerator);
        WarpSize = numThreadsPerWarp;
        MaxNumThreadsPerGroup = threads;
        MaxNumThreadsPerMultiprocessor = threads;
        NumMultiprocessors = numMultiprocessors;
        MaxGroupSize = new Index3D(threads);
        MaxGridSize = new Index3D(int.MaxValue, ushort.MaxValue, ushort.MaxValue);
        MemorySize = long.MaxValue;
        MaxSharedMemoryPerGroup = int.MaxValue;
        MaxConstantMemory = int.MaxValue;
    }

    public int NumThreads => MaxNumThreads;

    public static CPUDevice GetDevice(CPUDeviceKind kind) =>
        kind is >= CPUDeviceKind.Default and <= CPUDeviceKind.Intel ? All[(int)kind] : throw new ArgumentOutOfRangeException(nameof(kind));

    public static ImmutableArray<Device> GetDevices(Predicate<CPUDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return [.. All.Where(device => predicate(device))];
    }

    public override Accelerator CreateAccelerator(Context context) => CreateCPUAccelerator(context);
    public CPUAccelerator CreateCPUAccelerator(Context context) => new(context, this);

    public override bool Equals(object? obj) =>
        obj is CPUDevice other && base.Equals(obj) && other.WarpSize == WarpSize && other.MaxNumThreadsPerGroup == MaxNumThreadsPerGroup && other.NumMultiprocessors == NumMultiprocessors;

    public override int GetHashCode() => HashCode.Combine(WarpSize, MaxNumThreadsPerGroup, NumMultiprocessors);
}

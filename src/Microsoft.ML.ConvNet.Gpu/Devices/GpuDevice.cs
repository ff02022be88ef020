using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Microsoft.ML.ConvNet.Gpu;

namespace Microsoft.ML.ConvNet;

/// <summary>A GPU of this machine.</summary>
/// <param name="Index">Its index, for <see cref="ConvNetDevice.Gpu(int)"/>.</param>
/// <param name="Name">Its name, as the driver tells it.</param>
/// <param name="Kind">How it is reached: "CUDA" or "OpenCL".</param>
/// <param name="MemoryBytes">Its memory.</param>
public sealed record GpuDevice(int Index, string Name, string Kind, long MemoryBytes)
{
    /// <summary>Whether it is this machine's CPU, which OpenCL offers like a GPU: <see cref="ConvNetDevice.Auto"/> does not choose it, its index does.</summary>
    public bool IsCpu { get; init; }

    /// <summary>All GPUs: those of CUDA, then those that only OpenCL finds; CPUs that OpenCL offers come last.</summary>
    public static IReadOnlyList<GpuDevice> All()
    {
        using var context = NewContext();
        return [.. Ordered(context).Index().Select(d => Describe(d.Index, d.Item))];
    }

    /// <summary>The name, how it is reached, and the memory.</summary>
    public override string ToString() => FormattableString.Invariant($"{Name} ({Kind}{(IsCpu ? " on the CPU" : "")}, {MemoryBytes / (double)(1L << 30):F1} GiB)");

    internal static GpuDevice Describe(int index, Device device) => new(
        index, device.Name.Trim(), device.AcceleratorType switch { AcceleratorType.Cuda => "CUDA", AcceleratorType.OpenCL => "OpenCL", _ => "ILGPU" }, device.MemorySize)
    {
        IsCpu = device is CPUDevice || (device is CLDevice { DeviceType: var type } && IsCpuAlone(type)),
    };

    /// <summary>The device that is asked for: that of an index, or the first GPU.</summary>
    /// <exception cref="GpuUnavailableException">There is none.</exception>
    internal static GpuDevice Choose(IReadOnlyList<GpuDevice> devices, int? index)
    {
        if (index is { } given && given < devices.Count)
            return devices[given];
        var list = string.Join(", ", devices.Select(d => $"{d.Index}: {d}"));
        if (devices.Count == 0)
            throw new GpuUnavailableException($"There is no GPU: neither CUDA nor OpenCL found a device (looked for {DriverLibraries.Names}).");
        if (index != null)
            throw new GpuUnavailableException($"There is no GPU {index}: the GPUs are {list}.");
        return devices.FirstOrDefault(d => !d.IsCpu)
            ?? throw new GpuUnavailableException($"There is no GPU: OpenCL found only the CPU, which must be named by its index ({list}).");
    }

    /// <summary>A context with all devices that drivers offer.</summary>
    /// <exception cref="GpuUnavailableException">A driver was found that does not work.</exception>
    internal static Context NewContext()
    {
        DriverLibraries.Prepare();
        try
        {
            return Builder().Cuda().OpenCL().ToContext();
        }
        catch (Exception error) when (error is AcceleratorException or DllNotFoundException or NotSupportedException)
        {
            throw new GpuUnavailableException($"The drivers of the GPUs ({DriverLibraries.Names}) do not work: {error.Message}", error);
        }
    }

    /// <summary>A context with ILGPU's own accelerator on the CPU, in groups as large as kernels need: for tests, where nothing is fast.</summary>
    internal static Context NewCpuContext() => Builder().CPU(new CPUDevice(4, LaneSum.Threads / 4, 1)).ToContext();

    /// <summary>The devices of a context in the order of their indices.</summary>
    internal static IReadOnlyList<Device> Ordered(Context context)
    {
        var cuda = context.Devices.Where(d => d.AcceleratorType == AcceleratorType.Cuda).ToArray();
        var names = cuda.Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        var others = context.Devices.OfType<CLDevice>().Where(d => !names.Contains(d.Name));
        return [.. cuda, .. others.OrderBy(d => IsCpuAlone(d.DeviceType))];
    }

    /// <summary>Whether what OpenCL offers is a CPU and nothing else.</summary>
    internal static bool IsCpuAlone(CLDeviceType type)
        => (type & CLDeviceType.CL_DEVICE_TYPE_CPU) != 0 && (type & (CLDeviceType.CL_DEVICE_TYPE_GPU | CLDeviceType.CL_DEVICE_TYPE_ACCELERATOR)) == 0;

    private static Context.Builder Builder() => Context.Create().OptimizePtx().EnableAlgorithms();
}

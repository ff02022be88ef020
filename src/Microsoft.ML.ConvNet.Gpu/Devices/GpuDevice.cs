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
    /// <summary>All GPUs: those of CUDA, then those that only OpenCL finds.</summary>
    public static IReadOnlyList<GpuDevice> All()
    {
        using var context = NewContext();
        return [.. Ordered(context).Index().Select(d => Describe(d.Index, d.Item))];
    }

    /// <summary>The name, how it is reached, and the memory.</summary>
    public override string ToString() => FormattableString.Invariant($"{Name} ({Kind}, {MemoryBytes / (double)(1L << 30):F1} GiB)");

    internal static GpuDevice Describe(int index, Device device) => new(
        index, device.Name.Trim(), device.AcceleratorType switch { AcceleratorType.Cuda => "CUDA", AcceleratorType.OpenCL => "OpenCL", _ => "ILGPU on the CPU" }, device.MemorySize);

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
        return [.. cuda, .. context.Devices.Where(d => d.AcceleratorType == AcceleratorType.OpenCL && !names.Contains(d.Name))];
    }

    private static Context.Builder Builder() => Context.Create().Optimize(OptimizationLevel.O2).EnableAlgorithms();
}

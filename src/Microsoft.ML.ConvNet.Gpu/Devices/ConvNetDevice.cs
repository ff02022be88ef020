using System.Globalization;

namespace Microsoft.ML.ConvNet;

/// <summary>Where networks are to run: on the CPU, on one GPU, or on a GPU where there is one.</summary>
public readonly record struct ConvNetDevice
{
    private readonly int _place;

    private ConvNetDevice(int place) => _place = place;

    /// <summary>The first GPU, or the CPU where there is none. A CPU that OpenCL offers like a GPU does not count.</summary>
    public static ConvNetDevice Auto => new(0);

    /// <summary>The CPU.</summary>
    public static ConvNetDevice Cpu => new(-1);

    /// <summary>Whether it is the CPU, whatever GPUs there are.</summary>
    public bool IsCpu => _place < 0;

    /// <summary>The index of the GPU among <see cref="GpuDevice.All"/>; null where it is not said.</summary>
    public int? GpuIndex => _place > 0 ? _place - 1 : null;

    /// <summary>One GPU.</summary>
    /// <param name="index">Its index among <see cref="GpuDevice.All"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    public static ConvNetDevice Gpu(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return new ConvNetDevice(index + 1);
    }

    /// <summary>"auto", "cpu", or "gpu" and the index.</summary>
    public override string ToString() => IsCpu ? "cpu" : GpuIndex is { } index ? string.Create(CultureInfo.InvariantCulture, $"gpu{index}") : "auto";
}

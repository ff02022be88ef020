using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet;

/// <summary>The device that an option or the environment asks for, or the CPU where it cannot be used.</summary>
/// <param name="Device">The device.</param>
/// <param name="FallsBack">Whether the CPU will do where a given GPU cannot be used.</param>
internal sealed record ChosenDevice(ConvNetDevice Device, bool FallsBack)
{
    /// <summary>How a GPU computes.</summary>
    public GpuOptions GpuOptions { get; init; } = new();

    /// <summary>That of an option, or by default that of the environment: the GPU of <see cref="MLContext.GpuDeviceId"/>, or the CPU.</summary>
    public static ChosenDevice Of(IHostEnvironment env, ConvNetDevice? option)
    {
        var environment = env as IHostEnvironmentInternal;
        return new(
            option ?? (environment?.GpuDeviceId is { } gpu ? ConvNetDevice.Gpu(gpu) : ConvNetDevice.Cpu),
            environment?.FallbackToCpu ?? true);
    }

    /// <summary>Does something on the GPU, or on the CPU where no GPU is asked for or it cannot be used.</summary>
    /// <param name="channel">Where to say why it is not the device that was asked for.</param>
    /// <param name="doing">What is done, for the log: "Training".</param>
    /// <param name="onGpu">Does it on the GPU.</param>
    /// <param name="onCpu">Does it on the CPU, perhaps after a failure on the GPU.</param>
    /// <exception cref="GpuUnavailableException">There is no such GPU, and the CPU will not do.</exception>
    /// <exception cref="InsufficientMemoryException">The memory of the GPU does not suffice, and the CPU will not do.</exception>
    public T Run<T>(IChannel channel, string doing, Func<ConvNetDevice, T> onGpu, Func<T> onCpu)
    {
        if (!Device.IsCpu)
        {
            try
            {
                return onGpu(Device);
            }
            catch (GpuUnavailableException error) when (Device == ConvNetDevice.Auto)
            {
                channel.Info(MessageSensitivity.None, $"{doing} on the CPU. {error.Message}");
            }
            catch (Exception error) when (FallsBack && error is GpuUnavailableException or InsufficientMemoryException)
            {
                channel.Warning(MessageSensitivity.None, $"{doing} on the CPU. {error.Message}");
            }
        }

        return onCpu();
    }
}

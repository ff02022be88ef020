using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet;

/// <summary>Runs a training where it was asked for, or on the CPU where that cannot be.</summary>
internal static class TrainingDevice
{
    /// <param name="channel">Where to say what device it is, and why it is not the one that was asked for.</param>
    /// <param name="device">Where to train.</param>
    /// <param name="fallsBack">Whether the CPU will do where a given GPU cannot be used.</param>
    /// <param name="cpu">The options of the CPU.</param>
    /// <param name="train">The training; it may be started again on the CPU.</param>
    /// <exception cref="GpuUnavailableException">There is no such GPU, and the CPU will not do.</exception>
    /// <exception cref="InsufficientMemoryException">The memory of the GPU does not suffice, and the CPU will not do.</exception>
    public static T Run<T>(IChannel channel, ConvNetDevice device, bool fallsBack, CpuOptions cpu, Func<IBackend, T> train)
    {
        if (!device.IsCpu)
        {
            try
            {
                using var gpu = new GpuBackend(device);
                channel.Info(MessageSensitivity.None, $"Training on {gpu.Device}.");
                return train(gpu);
            }
            catch (GpuUnavailableException error) when (device == ConvNetDevice.Auto)
            {
                channel.Info(MessageSensitivity.None, $"Training on the CPU. {error.Message}");
            }
            catch (Exception error) when (fallsBack && error is GpuUnavailableException or InsufficientMemoryException)
            {
                channel.Warning(MessageSensitivity.None, $"Training on the CPU. {error.Message}");
            }
        }

        using var backend = new CpuBackend(cpu);
        return train(backend);
    }
}

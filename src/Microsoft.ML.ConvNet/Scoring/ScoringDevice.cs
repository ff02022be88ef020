using System.Collections.Concurrent;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// Where rows are scored: batches on the GPU, if one is asked for; rows that come one by one, which would wait for a launch of every layer there, on the CPU. All
/// transformers share the backends, which last as long as the process.
/// </summary>
/// <param name="host">Where to say why it is not the device that was asked for.</param>
/// <param name="chosen">The device for batches.</param>
/// <param name="open">Opens a GPU; by default those that all transformers share.</param>
internal sealed class ScoringDevice(IHost host, ChosenDevice chosen, Func<ConvNetDevice, GpuOptions, ScoringDevice.Shared>? open = null)
{
    private static readonly CpuBackend _cpu = new();
    private static readonly ConcurrentDictionary<(ConvNetDevice Device, GpuOptions Options), Lazy<Shared>> _gpus = new();

    /// <summary>Compiles a network for batches of at most so many rows, as floats or as pixels that lie four to a float.</summary>
    /// <exception cref="GpuUnavailableException">There is no such GPU, and the CPU will not do.</exception>
    /// <exception cref="InsufficientMemoryException">The memory of the GPU does not suffice, and the CPU will not do.</exception>
    public Predictor Compile(Network network, int maxBatch, bool ofPixels)
    {
        if (maxBatch == 1)
            return OnCpu();
        using var channel = host.Start("Scoring");
        return chosen.Run(channel, "Scoring", OnGpu, OnCpu);

        Predictor OnCpu() => new(network, _cpu, maxBatch, Loss.SoftmaxCrossEntropy, ofPixels, new Lock());

        Predictor OnGpu(ConvNetDevice device)
        {
            var gpu = (open ?? Open)(device, chosen.GpuOptions);
            lock (gpu.Gate)
                return new Predictor(network, gpu.Backend, maxBatch, Loss.SoftmaxCrossEntropy, ofPixels, gpu.Gate);
        }
    }

    private static Shared Open(ConvNetDevice device, GpuOptions options)
        => _gpus.GetOrAdd((device, options), gpu => new Lazy<Shared>(() => new Shared(new GpuBackend(gpu.Device, gpu.Options)))).Value;

    /// <summary>A backend that one thread at a time may use.</summary>
    internal sealed record Shared(IBackend Backend)
    {
        public Lock Gate { get; } = new();
    }
}

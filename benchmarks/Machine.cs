using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    /// <summary>The processor and what the backend uses of it, the system and the runtime.</summary>
    public static string Describe(int threads)
    {
        using var backend = new CpuBackend(threads);
        return $"{Processor}, {Environment.ProcessorCount} processors; {backend.Name}; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}";
    }

    private static string Processor
        => File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1] ?? "unknown processor"
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
}

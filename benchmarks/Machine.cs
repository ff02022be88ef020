using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    /// <summary>The processor and what the backend uses of it, the system, the runtime, and how busy others keep the machine.</summary>
    public static string Describe(int threads)
    {
        using var backend = new CpuBackend(threads);
        return $"{Processor}, {Environment.ProcessorCount} processors; {backend.Name}; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}{Load}";
    }

    /// <summary>How many threads ran or waited to run in the last minute: far above 0, figures are worth little, those of several threads least.</summary>
    private static string Load => File.Exists("/proc/loadavg") ? $"; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}" : "";

    private static string Processor
        => File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1] ?? "unknown processor"
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
}

using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>Single operations, measured by BenchmarkDotNet with its own options.</summary>
internal static class MicroBenchmarks
{
    public static int Run(string[] arguments)
    {
        var config = DefaultConfig.Instance.WithArtifactsPath(Path.Combine(Repository.Root, "artifacts", "micro"));
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroBenchmarks).Assembly).Run(arguments, config);
        return summaries.All(s => s.Reports.All(r => r.Success)) ? 0 : 1;
    }
}

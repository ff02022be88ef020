using Microsoft.ML.ConvNet.Gpu;

// A backend serves one thread at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>A backend that all tests share, because kernels are loaded once for each backend.</summary>
internal static class TestBackend
{
    /// <summary>ILGPU's accelerator on the CPU.</summary>
    public static GpuBackend Shared { get; } = GpuBackend.OnCpu();
}

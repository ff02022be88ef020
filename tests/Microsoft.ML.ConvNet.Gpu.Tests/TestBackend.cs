using System.Globalization;
using Microsoft.ML.ConvNet.Gpu;

// A backend serves one thread at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>
/// Where kernels are tested: on ILGPU's accelerator for the CPU, or on the GPU whose index CONVNET_TEST_GPU names, there with its vendor's libraries for products of
/// any size where CONVNET_TEST_LIBRARIES is "on".
/// </summary>
internal static class TestBackend
{
    /// <summary>A backend that all tests share, because kernels are loaded once for each backend.</summary>
    public static GpuBackend Shared { get; } = New();

    /// <summary>Another backend.</summary>
    /// <param name="tile">The tile of all products; null chooses by the extents.</param>
    /// <param name="options">How it computes, but for libraries.</param>
    public static GpuBackend New(Tile? tile = null, GpuOptions? options = null)
    {
        if (Environment.GetEnvironmentVariable("CONVNET_TEST_GPU") is not { Length: > 0 } index)
            return GpuBackend.OnCpu(tile, options: options);
        var libraries = Environment.GetEnvironmentVariable("CONVNET_TEST_LIBRARIES") == "on";
        return new(ConvNetDevice.Gpu(int.Parse(index, CultureInfo.InvariantCulture)), (options ?? new()) with { VendorLibraries = libraries, LeastVendorWork = 0 }, tile);
    }
}

namespace Microsoft.ML.ConvNet;

/// <summary>How a <see cref="Gpu.GpuBackend"/> computes.</summary>
public sealed record GpuOptions
{
    /// <summary>
    /// Whether large matrix products and convolutions run on the libraries of the GPU's vendor where they are found: cuBLAS 12 or 13 and cuDNN 8 or 9, on NVIDIA's. Yes by
    /// default; nothing needs them.
    /// </summary>
    public bool VendorLibraries { get; init; } = true;

    /// <summary>
    /// Whether those libraries may round factors to TF32, with 10 bits behind the point instead of 23, for which NVIDIA's GPUs since Ampere have tensor cores: faster, and less exact. No by
    /// default.
    /// </summary>
    public bool AllowTf32 { get; init; }

    /// <summary>Whether Winograd's transforms are left out of convolutions, also where cuDNN computes them: smaller rounding errors, and slower where they would have served. No by default.</summary>
    public bool ExactConvolution { get; init; }

    /// <summary>Whether the transforms are used wherever they can be, or never; by default, where they are expected to save time. For tests.</summary>
    internal bool? Winograd { get; init; }

    /// <summary>The most floats that are written between the launches of a convolution by the transforms, but for the filters': what caches of large GPUs hold.</summary>
    internal int WinogradFloats { get; init; } = 1 << 24;

    /// <summary>
    /// The multiplications below which a product is left to the kernels of this project: a few microseconds of a large GPU, so that one launch with everything fused
    /// counts for more than the speed of the product.
    /// </summary>
    internal long LeastVendorWork { get; init; } = 1L << 27;
}

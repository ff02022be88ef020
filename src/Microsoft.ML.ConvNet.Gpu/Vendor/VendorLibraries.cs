using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>The libraries of a GPU's vendor, as far as they were found: cuBLAS for matrix products and cuDNN for convolutions, on NVIDIA's.</summary>
internal sealed class VendorLibraries : IDisposable
{
    // The newest first; what is newer than the driver does not open.
    private static readonly string[] _blasNames = OperatingSystem.IsWindows() ? ["cublas64_13.dll", "cublas64_12.dll"] : ["libcublas.so.13", "libcublas.so.12"];
    private static readonly string[] _dnnNames = OperatingSystem.IsWindows() ? ["cudnn64_9.dll", "cudnn64_8.dll"] : ["libcudnn.so.9", "libcudnn.so.8"];

    /// <summary>Matrix products, or null.</summary>
    public Cublas? Blas { get; init; }

    /// <summary>Convolutions, or null.</summary>
    public Cudnn? Dnn { get; init; }

    /// <summary>The multiplications below which a product is left to the kernels of this project.</summary>
    public long LeastWork { get; init; }

    /// <summary>The scratch memory that a convolution may take, in bytes.</summary>
    public long MostWorkspaceBytes { get; init; }

    /// <summary>Whether there is any.</summary>
    public bool Any => Blas != null || Dnn != null;

    /// <summary>What is used, and why what is not is not, for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>Looks for the libraries where the system's loader does, and opens those that work on the accelerator; none on other GPUs than NVIDIA's.</summary>
    public static VendorLibraries Open(Accelerator accelerator, GpuOptions options)
    {
        if (!options.VendorLibraries)
            return new VendorLibraries { Description = "no vendor's libraries, by option" };
        if (accelerator.AcceleratorType != AcceleratorType.Cuda)
            return new VendorLibraries { Description = "no vendor's libraries, which are CUDA's" };
        accelerator.Bind();
        var (blas, aboutBlas) = First("cuBLAS", _blasNames, NativeExports.Load, exports => new Cublas(exports, options.AllowTf32));
        var (dnn, aboutDnn) = First("cuDNN", _dnnNames, NativeExports.Load, exports => new Cudnn(exports, options));
        return new VendorLibraries
        {
            Blas = blas,
            Dnn = dnn,
            LeastWork = options.LeastVendorWork,
            MostWorkspaceBytes = accelerator.MemorySize / 16,
            Description = $"{aboutBlas}{blas?.Version}, {aboutDnn}{dnn?.Version}{(options.AllowTf32 ? ", TF32" : "")}",
        };
    }

    public void Dispose()
    {
        Blas?.Dispose();
        Dnn?.Dispose();
    }

    /// <summary>Opens the first of some libraries that there is and that works; says which it is, or why there is none.</summary>
    internal static (TLibrary? Library, string About) First<TLibrary>(string title, IEnumerable<string> names, Func<string, NativeExports?> load, Func<NativeExports, TLibrary> open)
        where TLibrary : class
    {
        var reasons = new List<string>();
        foreach (var name in names)
        {
            try
            {
                if (load(name) is { } exports)
                    return (open(exports), $"{title} ");
                reasons.Add($"{name} not found");
            }
            catch (VendorLibraryException error)
            {
                reasons.Add($"{name}: {error.Message.TrimEnd('.')}");
            }
        }

        return (null, $"no {title} ({string.Join("; ", reasons)})");
    }
}

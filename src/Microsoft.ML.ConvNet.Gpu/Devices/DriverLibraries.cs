using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Finds the drivers' libraries. On Linux ILGPU asks for libcuda.so and libOpenCL.so, which come with packages for developers; what drivers install
/// is libcuda.so.1 and libOpenCL.so.1. Without this the devices would silently not exist.
/// </summary>
internal static class DriverLibraries
{
    private static readonly ConcurrentDictionary<string, IntPtr> _found = new();

    private static readonly Lazy<bool> _installed = new(Install);

    /// <summary>What is looked for.</summary>
    public static string Names => OperatingSystem.IsWindows() ? "nvcuda.dll, OpenCL.dll" : OperatingSystem.IsMacOS() ? "the OpenCL framework" : "libcuda.so.1, libOpenCL.so.1";

    /// <summary>Makes sure that ILGPU will find them; to be called before the first context.</summary>
    public static void Prepare() => _ = _installed.Value;

    private static bool Install()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, (name, assembly, path) => _found.GetOrAdd(name, n => Load(n, assembly, path)));
            return true;
        }
        catch (InvalidOperationException)
        {
            // The application has set a resolver of its own for ILGPU.
            return false;
        }
    }

    /// <summary>The library, or zero to leave the search to the runtime.</summary>
    private static IntPtr Load(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
            return IntPtr.Zero;
        var plain = Path.GetFileName(name);
        plain = plain.StartsWith("lib", StringComparison.Ordinal) ? plain[3..] : plain;
        var stem = plain.Split(".so")[0];
        return stem is "cuda" or "OpenCL" && NativeLibrary.TryLoad($"lib{stem}.so.1", assembly, path, out var handle) ? handle : IntPtr.Zero;
    }
}

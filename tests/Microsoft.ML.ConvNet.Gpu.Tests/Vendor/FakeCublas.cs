using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Gpu;

namespace Microsoft.ML.ConvNet.Tests.Gpu.Vendor;

/// <summary>
/// cuBLAS as its documentation describes it, plain and on the memory of the host, where the accelerator for the CPU has its memory too. What is called are
/// addresses of native code, as with the library itself.
/// </summary>
internal static unsafe class FakeCublas
{
    private const nint Handle = 0x600D;
    private const int NotInitialized = 1, InvalidValue = 7;

    /// <summary>Its functions.</summary>
    public static NativeExports Exports => new("the fake cuBLAS", AddressOf);

    /// <summary>The open handles.</summary>
    public static int Open { get; private set; }

    /// <summary>The math mode set last.</summary>
    public static int MathMode { get; private set; }

    /// <summary>The status of the next products.</summary>
    public static int Status { get; set; }

    public static nint AddressOf(string name) => name switch
    {
        "cublasCreate_v2" => (nint)(delegate* unmanaged<nint*, int>)&Create,
        "cublasDestroy_v2" => (nint)(delegate* unmanaged<nint, int>)&Destroy,
        "cublasSetMathMode" => (nint)(delegate* unmanaged<nint, int, int>)&SetMathMode,
        "cublasGetVersion_v2" => (nint)(delegate* unmanaged<nint, int*, int>)&GetVersion,
        "cublasGetStatusString" => (nint)(delegate* unmanaged<int, nint>)&GetStatusString,
        "cublasSgemm_v2" => (nint)(delegate* unmanaged<nint, int, int, int, int, int, float*, float*, int, float*, int, float*, float*, int, int>)&Sgemm,
        _ => 0,
    };

    /// <summary>A library that was built for a newer driver.</summary>
    public static nint AddressWithoutDriver(string name) => name == "cublasCreate_v2" ? (nint)(delegate* unmanaged<nint*, int>)&FailToCreate : AddressOf(name);

    [UnmanagedCallersOnly]
    private static int Create(nint* handle)
    {
        *handle = Handle;
        Open++;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int FailToCreate(nint* handle) => NotInitialized;

    [UnmanagedCallersOnly]
    private static int Destroy(nint handle)
    {
        Open--;
        return handle == Handle ? 0 : NotInitialized;
    }

    [UnmanagedCallersOnly]
    private static int SetMathMode(nint handle, int mode)
    {
        MathMode = mode;
        return handle == Handle ? 0 : NotInitialized;
    }

    [UnmanagedCallersOnly]
    private static int GetVersion(nint handle, int* version)
    {
        *version = 120_405;
        return handle == Handle ? 0 : NotInitialized;
    }

    [UnmanagedCallersOnly]
    private static nint GetStatusString(int status) => status == InvalidValue ? Marshal.StringToCoTaskMemUTF8("an invalid value") : Marshal.StringToCoTaskMemUTF8("the fake is in a bad mood");

    /// <summary>Waits for what was launched before: the library's work is done on the same stream, in order.</summary>
    public static Action WaitForStream { get; set; } = () => { };

    /// <summary>C = α·op(A)·op(B) + β·C of column-major matrices: m×k, k×n and m×n.</summary>
    [UnmanagedCallersOnly]
    private static int Sgemm(
        nint handle, int operationA, int operationB, int m, int n, int k, float* alpha, float* a, int strideA, float* b, int strideB, float* beta, float* c, int strideC)
    {
        WaitForStream();
        if (Status != 0)
            return Status;
        if (handle != Handle || strideA < (operationA == 0 ? m : k) || strideB < (operationB == 0 ? k : n) || strideC < m)
            return InvalidValue;
        for (var column = 0; column < n; column++)
        {
            for (var row = 0; row < m; row++)
            {
                var sum = 0.0;
                for (var depth = 0; depth < k; depth++)
                {
                    var left = operationA == 0 ? a[row + (depth * strideA)] : a[depth + (row * strideA)];
                    var right = operationB == 0 ? b[depth + (column * strideB)] : b[column + (depth * strideB)];
                    sum += (double)left * right;
                }

                // With β = 0 what was in C does not matter, even where it is not a number.
                c[row + (column * strideC)] = (*alpha * (float)sum) + (*beta == 0 ? 0 : *beta * c[row + (column * strideC)]);
            }
        }

        return 0;
    }
}

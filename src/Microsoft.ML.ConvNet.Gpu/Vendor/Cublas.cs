using System.Runtime.InteropServices;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// NVIDIA's matrix products: cuBLAS 12 or 13. It works on the CUDA context that is bound, on its default stream, which is ILGPU's. Signatures and constants are those of
/// cublas_v2.h.
/// </summary>
internal sealed class Cublas : IDisposable
{
    /// <summary>CUBLAS_DEFAULT_MATH, which rounds no single precision, and CUBLAS_TF32_TENSOR_OP_MATH.</summary>
    private const int DefaultMath = 0, Tf32Math = 3;

    private readonly DestroyFunction _destroy;
    private readonly SgemmFunction _sgemm;
    private readonly StatusFunction _statusString;
    private readonly nint _handle;

    /// <exception cref="VendorLibraryException">It lacks a function, or does not work with the device or its driver.</exception>
    public Cublas(NativeExports exports, bool allowTf32)
    {
        var (create, setMathMode, getVersion) = (exports.Get<CreateFunction>("cublasCreate_v2"), exports.Get<SetMathModeFunction>("cublasSetMathMode"), exports.Get<GetVersionFunction>("cublasGetVersion_v2"));
        _destroy = exports.Get<DestroyFunction>("cublasDestroy_v2");
        _sgemm = exports.Get<SgemmFunction>("cublasSgemm_v2");
        _statusString = exports.Get<StatusFunction>("cublasGetStatusString");
        Check(create(out _handle), "cublasCreate_v2");
        try
        {
            Check(setMathMode(_handle, allowTf32 ? Tf32Math : DefaultMath), "cublasSetMathMode");
            Check(getVersion(_handle, out var version), "cublasGetVersion_v2");
            Version = new Version(version / 10_000, version / 100 % 100, version % 100);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private enum Operation
    {
        None,
        Transpose,
    }

    private delegate int CreateFunction(out nint handle);

    private delegate int DestroyFunction(nint handle);

    private delegate int SetMathModeFunction(nint handle, int mode);

    private delegate int GetVersionFunction(nint handle, out int version);

    private delegate int SgemmFunction(
        nint handle, Operation operationA, Operation operationB, int m, int n, int k, in float alpha, nint a, int strideA, nint b, int strideB, in float beta, nint c, int strideC);

    private delegate nint StatusFunction(int status);

    /// <summary>Its version.</summary>
    public Version Version { get; }

    /// <summary>C = A·B of row-major matrices, of which A is m×k and B is k×n, or transposed.</summary>
    /// <exception cref="VendorLibraryException">It failed.</exception>
    public void Product(int m, int n, int k, nint a, bool transposeA, nint b, bool transposeB, nint c)
    {
        // The library's matrices are column-major: what it sees of ours is transposed, and Cᵀ = Bᵀ·Aᵀ.
        var (operationA, operationB) = (transposeA ? Operation.Transpose : Operation.None, transposeB ? Operation.Transpose : Operation.None);
        Check(_sgemm(_handle, operationB, operationA, n, m, k, 1, b, transposeB ? k : n, a, transposeA ? m : k, 0, c, n), "cublasSgemm_v2");
    }

    public void Dispose() => _ = _destroy(_handle);

    private void Check(int status, string function)
    {
        if (status != 0)
            throw new VendorLibraryException($"{function} failed with status {status}: {Marshal.PtrToStringUTF8(_statusString(status))}.");
    }
}

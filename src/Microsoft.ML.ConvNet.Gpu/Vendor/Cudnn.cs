using System.Runtime.InteropServices;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>NVIDIA's convolutions: cuDNN 8 or 9. It works on the CUDA context that is bound, on its default stream, which is ILGPU's.</summary>
internal sealed class Cudnn : IDisposable
{
    private readonly Dictionary<(ConvDescription, long), CudnnConvolution?> _convolutions = [];
    private readonly CudnnFunctions _functions;
    private readonly nint _handle;
    private readonly GpuOptions _options;

    /// <exception cref="VendorLibraryException">It lacks a function, or does not work with the device or its driver.</exception>
    public Cudnn(NativeExports exports, GpuOptions options)
    {
        (_functions, _options) = (new CudnnFunctions(exports), options);
        var version = (int)_functions.GetVersion();
        var major = version >= 90_000 ? 10_000 : 1_000;
        Version = new Version(version / major, version % major / 100, version % 100);
        Check(_functions.Create(out _handle), "cudnnCreate");
    }

    /// <summary>Its version.</summary>
    public Version Version { get; }

    /// <summary>
    /// A convolution ready to run, by the algorithm that the library expects to be the fastest of those that give the same bits each time and take no more scratch memory
    /// than they may; null where it has none. It lasts as long as the library.
    /// </summary>
    public CudnnConvolution? Find(ConvDescription description, long mostWorkspaceBytes)
    {
        if (!_convolutions.TryGetValue((description, mostWorkspaceBytes), out var convolution))
        {
            convolution = new CudnnConvolution(_functions, _handle, description);
            if (!convolution.TryPrepare(mostWorkspaceBytes, _options))
            {
                convolution.Dispose();
                convolution = null;
            }

            _convolutions.Add((description, mostWorkspaceBytes), convolution);
        }

        return convolution;
    }

    /// <exception cref="VendorLibraryException">It failed.</exception>
    public void Run(CudnnConvolution convolution, nint first, nint second, nint workspace, nint result)
        => Check(convolution.Run(first, second, workspace, result), $"cudnnConvolution{convolution.Pass}");

    public void Dispose()
    {
        foreach (var convolution in _convolutions.Values)
            convolution?.Dispose();
        _ = _functions.Destroy(_handle);
    }

    private void Check(int status, string function)
    {
        if (status != 0)
            throw new VendorLibraryException($"{function} failed with status {status}: {Marshal.PtrToStringUTF8(_functions.GetErrorString(status))}.");
    }
}

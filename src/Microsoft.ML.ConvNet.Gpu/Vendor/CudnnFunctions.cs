using System.Runtime.InteropServices;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>The functions of cuDNN 8 and 9 that are used, with the signatures of cudnn.h.</summary>
/// <exception cref="VendorLibraryException">The library lacks one.</exception>
internal sealed class CudnnFunctions(NativeExports exports)
{
    public delegate nuint VersionFunction();

    public delegate nint TextFunction(int status);

    public delegate int CreateFunction(out nint created);

    public delegate int DestroyFunction(nint created);

    public delegate int SetTensorFunction(nint tensor, int dataType, int axes, int[] extents, int[] strides);

    public delegate int SetFilterFunction(nint filter, int dataType, int format, int axes, int[] extents);

    public delegate int SetConvolutionFunction(nint convolution, int spatialAxes, int[] padding, int[] strides, int[] dilations, int mode, int computeType);

    public delegate int SetNumberFunction(nint convolution, int value);

    public delegate int FindAlgorithmsFunction(
        nint handle, nint first, nint second, nint convolution, nint result, int requested, out int returned, [Out] ConvAlgorithm[] algorithms);

    public delegate int WorkspaceSizeFunction(nint handle, nint first, nint second, nint convolution, nint result, int algorithm, out nuint bytes);

    public delegate int RunFunction(
        nint handle, in float alpha, nint first, nint firstData, nint second, nint secondData, nint convolution, int algorithm, nint workspace, nuint workspaceBytes,
        in float beta, nint result, nint resultData);

    public VersionFunction GetVersion { get; } = exports.Get<VersionFunction>("cudnnGetVersion");

    public TextFunction GetErrorString { get; } = exports.Get<TextFunction>("cudnnGetErrorString");

    public CreateFunction Create { get; } = exports.Get<CreateFunction>("cudnnCreate");

    public DestroyFunction Destroy { get; } = exports.Get<DestroyFunction>("cudnnDestroy");

    public CreateFunction CreateTensor { get; } = exports.Get<CreateFunction>("cudnnCreateTensorDescriptor");

    public SetTensorFunction SetTensor { get; } = exports.Get<SetTensorFunction>("cudnnSetTensorNdDescriptor");

    public DestroyFunction DestroyTensor { get; } = exports.Get<DestroyFunction>("cudnnDestroyTensorDescriptor");

    public CreateFunction CreateFilter { get; } = exports.Get<CreateFunction>("cudnnCreateFilterDescriptor");

    public SetFilterFunction SetFilter { get; } = exports.Get<SetFilterFunction>("cudnnSetFilterNdDescriptor");

    public DestroyFunction DestroyFilter { get; } = exports.Get<DestroyFunction>("cudnnDestroyFilterDescriptor");

    public CreateFunction CreateConvolution { get; } = exports.Get<CreateFunction>("cudnnCreateConvolutionDescriptor");

    public SetConvolutionFunction SetConvolution { get; } = exports.Get<SetConvolutionFunction>("cudnnSetConvolutionNdDescriptor");

    public SetNumberFunction SetGroups { get; } = exports.Get<SetNumberFunction>("cudnnSetConvolutionGroupCount");

    public SetNumberFunction SetMathType { get; } = exports.Get<SetNumberFunction>("cudnnSetConvolutionMathType");

    public DestroyFunction DestroyConvolution { get; } = exports.Get<DestroyFunction>("cudnnDestroyConvolutionDescriptor");

    public PassFunctions Forward { get; } = new(
        exports, "Forward", "implicit GEMM", "implicit GEMM with precomputed indices", "GEMM", "direct", "FFT", "tiled FFT", "Winograd", "non-fused Winograd");

    public PassFunctions BackwardData { get; } = new(exports, "BackwardData", "algorithm 0", "algorithm 1", "FFT", "tiled FFT", "Winograd", "non-fused Winograd");

    public PassFunctions BackwardFilter { get; } = new(exports, "BackwardFilter", "algorithm 0", "algorithm 1", "FFT", "algorithm 3", "Winograd", "non-fused Winograd", "tiled FFT");

    /// <summary>The functions of one pass. They differ in what the operands are: x, w → y; w, dY → dX; x, dY → dW.</summary>
    public sealed class PassFunctions(NativeExports exports, string pass, params string[] algorithms)
    {
        public string Name => pass;

        /// <summary>The names of the algorithms, which are the indices.</summary>
        public IReadOnlyList<string> Algorithms => algorithms;

        public FindAlgorithmsFunction FindAlgorithms { get; } = exports.Get<FindAlgorithmsFunction>($"cudnnGetConvolution{pass}Algorithm_v7");

        public WorkspaceSizeFunction WorkspaceSize { get; } = exports.Get<WorkspaceSizeFunction>($"cudnnGetConvolution{pass}WorkspaceSize");

        public RunFunction Run { get; } = exports.Get<RunFunction>($"cudnnConvolution{pass}");
    }
}

/// <summary>What cuDNN says of an algorithm: cudnnConvolutionFwdAlgoPerf_t, which is the same for all passes.</summary>
internal struct ConvAlgorithm
{
    public int Algorithm, Status;

    public float Time;

    public nuint WorkspaceBytes;

    /// <summary>Whether it gives the same bits each time: 1 or 0.</summary>
    public int IsDeterministic;

    public int MathType;

    public int Reserved0, Reserved1, Reserved2;
}

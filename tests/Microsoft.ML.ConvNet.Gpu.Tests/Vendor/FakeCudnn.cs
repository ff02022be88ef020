using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Gpu;

namespace Microsoft.ML.ConvNet.Tests.Gpu.Vendor;

/// <summary>
/// cuDNN as its documentation describes it, plain and on the memory of the host, where the accelerator for the CPU has its memory too. What is called are
/// addresses of native code, as with the library itself.
/// </summary>
internal static unsafe class FakeCudnn
{
    private const nint Handle = 0xD22;
    private const int BadParameter = 2000, NotSupported = 3000;

    private static readonly Dictionary<nint, object> _descriptors = [];
    private static nint _next = 1;

    /// <summary>Its functions.</summary>
    public static NativeExports Exports => new("the fake cuDNN", AddressOf);

    /// <summary>The algorithms that are offered for so many samples, the fastest first.</summary>
    public static Func<int, ConvAlgorithm[]> Algorithms { get; set; } = DefaultAlgorithms;

    /// <summary>Waits for what was launched before: the library's work is done on the same stream, in order.</summary>
    public static Action WaitForStream { get; set; } = () => { };

    /// <summary>The runs so far: the pass, the algorithm and the math type.</summary>
    public static List<(string Pass, int Algorithm, int MathType)> Runs { get; } = [];

    /// <summary>The open handles and descriptors.</summary>
    public static int Open { get; private set; }

    /// <summary>One that fails, one that is not deterministic, one that rounds to half precision, one for tensor cores, one that takes memory, and one for all cases.</summary>
    public static ConvAlgorithm[] DefaultAlgorithms(int samples) =>
    [
        new() { Algorithm = 2, Status = NotSupported, IsDeterministic = 1, MathType = 3 },
        new() { Algorithm = 0, IsDeterministic = 0, MathType = 3 },
        new() { Algorithm = 2, IsDeterministic = 1, MathType = 2 },
        new() { Algorithm = 5, IsDeterministic = 1, MathType = 1 },
        new() { Algorithm = 4, WorkspaceBytes = (nuint)samples << 12, IsDeterministic = 1, MathType = 3 },
        new() { Algorithm = 1, IsDeterministic = 1, MathType = 3 },
    ];

    private static nint AddressOf(string name) => name switch
    {
        "cudnnGetVersion" => (nint)(delegate* unmanaged<nuint>)&GetVersion,
        "cudnnGetErrorString" => (nint)(delegate* unmanaged<int, nint>)&GetErrorString,
        "cudnnCreate" => (nint)(delegate* unmanaged<nint*, int>)&Create,
        "cudnnDestroy" => (nint)(delegate* unmanaged<nint, int>)&Destroy,
        "cudnnCreateTensorDescriptor" or "cudnnCreateFilterDescriptor" or "cudnnCreateConvolutionDescriptor" => (nint)(delegate* unmanaged<nint*, int>)&CreateDescriptor,
        "cudnnDestroyTensorDescriptor" or "cudnnDestroyFilterDescriptor" or "cudnnDestroyConvolutionDescriptor" => (nint)(delegate* unmanaged<nint, int>)&DestroyDescriptor,
        "cudnnSetTensorNdDescriptor" => (nint)(delegate* unmanaged<nint, int, int, int*, int*, int>)&SetTensor,
        "cudnnSetFilterNdDescriptor" => (nint)(delegate* unmanaged<nint, int, int, int, int*, int>)&SetFilter,
        "cudnnSetConvolutionNdDescriptor" => (nint)(delegate* unmanaged<nint, int, int*, int*, int*, int, int, int>)&SetConvolution,
        "cudnnSetConvolutionGroupCount" => (nint)(delegate* unmanaged<nint, int, int>)&SetGroups,
        "cudnnSetConvolutionMathType" => (nint)(delegate* unmanaged<nint, int, int>)&SetMathType,
        "cudnnGetConvolutionForwardAlgorithm_v7" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, ConvAlgorithm*, int>)&FindForward,
        "cudnnGetConvolutionBackwardDataAlgorithm_v7" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, ConvAlgorithm*, int>)&FindBackwardData,
        "cudnnGetConvolutionBackwardFilterAlgorithm_v7" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int, int*, ConvAlgorithm*, int>)&FindBackwardFilter,
        "cudnnGetConvolutionForwardWorkspaceSize" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, int>)&WorkspaceForward,
        "cudnnGetConvolutionBackwardDataWorkspaceSize" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, int>)&WorkspaceBackwardData,
        "cudnnGetConvolutionBackwardFilterWorkspaceSize" => (nint)(delegate* unmanaged<nint, nint, nint, nint, nint, int, nuint*, int>)&WorkspaceBackwardFilter,
        "cudnnConvolutionForward" => (nint)(delegate* unmanaged<nint, float*, nint, float*, nint, float*, nint, int, byte*, nuint, float*, nint, float*, int>)&Forward,
        "cudnnConvolutionBackwardData" => (nint)(delegate* unmanaged<nint, float*, nint, float*, nint, float*, nint, int, byte*, nuint, float*, nint, float*, int>)&BackwardData,
        "cudnnConvolutionBackwardFilter" => (nint)(delegate* unmanaged<nint, float*, nint, float*, nint, float*, nint, int, byte*, nuint, float*, nint, float*, int>)&BackwardFilter,
        _ => 0,
    };

    [UnmanagedCallersOnly]
    private static nuint GetVersion() => 90_102;

    [UnmanagedCallersOnly]
    private static nint GetErrorString(int status) => Marshal.StringToCoTaskMemUTF8("the fake does not like it");

    [UnmanagedCallersOnly]
    private static int Create(nint* handle)
    {
        *handle = Handle;
        Open++;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Destroy(nint handle)
    {
        Open--;
        return handle == Handle ? 0 : BadParameter;
    }

    [UnmanagedCallersOnly]
    private static int CreateDescriptor(nint* descriptor)
    {
        *descriptor = _next++;
        Open++;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int DestroyDescriptor(nint descriptor)
    {
        Open--;
        return _descriptors.Remove(descriptor) ? 0 : BadParameter;
    }

    [UnmanagedCallersOnly]
    private static int SetTensor(nint tensor, int dataType, int axes, int* extents, int* strides)
    {
        var dense = 1;
        for (var axis = axes - 1; axis >= 0; axis--)
        {
            if (strides[axis] != dense)
                return NotSupported;
            dense *= extents[axis];
        }

        _descriptors[tensor] = new Span<int>(extents, axes).ToArray();
        return dataType == 0 && axes is 4 or 5 ? 0 : BadParameter;
    }

    [UnmanagedCallersOnly]
    private static int SetFilter(nint filter, int dataType, int format, int axes, int* extents)
    {
        _descriptors[filter] = new Span<int>(extents, axes).ToArray();
        return dataType == 0 && format == 0 ? 0 : BadParameter;
    }

    [UnmanagedCallersOnly]
    private static int SetConvolution(nint convolution, int axes, int* padding, int* strides, int* dilations, int mode, int computeType)
    {
        _descriptors[convolution] = new Convolution(new Span<int>(padding, axes).ToArray(), new Span<int>(strides, axes).ToArray(), new Span<int>(dilations, axes).ToArray());
        return mode == 1 && computeType == 0 ? 0 : BadParameter;
    }

    [UnmanagedCallersOnly]
    private static int SetGroups(nint convolution, int groups)
    {
        ((Convolution)_descriptors[convolution]).Groups = groups;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int SetMathType(nint convolution, int mathType)
    {
        ((Convolution)_descriptors[convolution]).MathType = mathType;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int FindForward(nint handle, nint x, nint w, nint convolution, nint y, int requested, int* returned, ConvAlgorithm* algorithms)
        => Find(handle, x, w, convolution, y, requested, returned, algorithms);

    [UnmanagedCallersOnly]
    private static int FindBackwardData(nint handle, nint w, nint dY, nint convolution, nint dX, int requested, int* returned, ConvAlgorithm* algorithms)
        => Find(handle, dX, w, convolution, dY, requested, returned, algorithms);

    [UnmanagedCallersOnly]
    private static int FindBackwardFilter(nint handle, nint x, nint dY, nint convolution, nint dW, int requested, int* returned, ConvAlgorithm* algorithms)
        => Find(handle, x, dW, convolution, dY, requested, returned, algorithms);

    private static int Find(nint handle, nint x, nint w, nint convolution, nint y, int requested, int* returned, ConvAlgorithm* algorithms)
    {
        var offered = Algorithms(((int[])_descriptors[x])[0]);
        *returned = Math.Min(requested, offered.Length);
        offered.AsSpan(0, *returned).CopyTo(new Span<ConvAlgorithm>(algorithms, requested));
        return handle == Handle && Fits(x, w, convolution, y) ? 0 : BadParameter;
    }

    [UnmanagedCallersOnly]
    private static int WorkspaceForward(nint handle, nint x, nint w, nint convolution, nint y, int algorithm, nuint* bytes) => Workspace(x, w, convolution, y, algorithm, bytes);

    [UnmanagedCallersOnly]
    private static int WorkspaceBackwardData(nint handle, nint w, nint dY, nint convolution, nint dX, int algorithm, nuint* bytes) => Workspace(dX, w, convolution, dY, algorithm, bytes);

    [UnmanagedCallersOnly]
    private static int WorkspaceBackwardFilter(nint handle, nint x, nint dY, nint convolution, nint dW, int algorithm, nuint* bytes) => Workspace(x, dW, convolution, dY, algorithm, bytes);

    private static int Workspace(nint x, nint w, nint convolution, nint y, int algorithm, nuint* bytes)
    {
        var offered = Algorithms(((int[])_descriptors[x])[0]).Where(a => a.Status == 0 && a.Algorithm == algorithm).ToArray();
        *bytes = offered.Length == 0 ? 0 : offered.Max(a => a.WorkspaceBytes);
        return offered.Length > 0 && Fits(x, w, convolution, y) ? 0 : NotSupported;
    }

    /// <summary>y[n, f, p] = Σ w[f, c, t]·x[n, c, p·stride − padding + t·dilation].</summary>
    [UnmanagedCallersOnly]
    private static int Forward(
        nint handle, float* alpha, nint x, float* xData, nint w, float* wData, nint convolution, int algorithm, byte* workspace, nuint workspaceBytes, float* beta, nint y, float* yData)
        => Run("Forward", alpha, x, w, convolution, y, algorithm, workspace, workspaceBytes, beta, y, yData, (sums, atX, atW, atY) => sums[atY] += (double)xData[atX] * wData[atW]);

    /// <summary>The adjoint for x.</summary>
    [UnmanagedCallersOnly]
    private static int BackwardData(
        nint handle, float* alpha, nint w, float* wData, nint dY, float* dYData, nint convolution, int algorithm, byte* workspace, nuint workspaceBytes, float* beta, nint dX, float* dXData)
        => Run("BackwardData", alpha, dX, w, convolution, dY, algorithm, workspace, workspaceBytes, beta, dX, dXData, (sums, atX, atW, atY) => sums[atX] += (double)dYData[atY] * wData[atW]);

    /// <summary>The adjoint for w.</summary>
    [UnmanagedCallersOnly]
    private static int BackwardFilter(
        nint handle, float* alpha, nint x, float* xData, nint dY, float* dYData, nint convolution, int algorithm, byte* workspace, nuint workspaceBytes, float* beta, nint dW, float* dWData)
        => Run("BackwardFilter", alpha, x, dW, convolution, dY, algorithm, workspace, workspaceBytes, beta, dW, dWData, (sums, atX, atW, atY) => sums[atW] += (double)dYData[atY] * xData[atX]);

    private static int Run(
        string pass, float* alpha, nint x, nint w, nint convolution, nint y, int algorithm, byte* workspace, nuint workspaceBytes, float* beta, nint result, float* resultData,
        Action<double[], int, int, int> add)
    {
        WaitForStream();
        nuint needed;
        if (Workspace(x, w, convolution, y, algorithm, &needed) != 0 || workspaceBytes < needed || *beta != 0)
            return BadParameter;
        // Scratch memory must be there.
        new Span<byte>(workspace, (int)workspaceBytes).Fill(0xCC);
        var conv = (Convolution)_descriptors[convolution];
        Runs.Add((pass, algorithm, conv.MathType));
        var (xExtents, wExtents, yExtents) = (Five(x), Five(w), Five(y));
        var sums = new double[Five(result).Aggregate(1, (a, b) => a * b)];
        var (padding, strides, dilations) = (Three(conv.Padding, 0), Three(conv.Strides, 1), Three(conv.Dilations, 1));
        var (channels, filters, taps) = (wExtents[1], wExtents[0] / conv.Groups, wExtents[2] * wExtents[3] * wExtents[4]);
        var at = 0;
        foreach (var (n, f, d, h, v) in Indices(yExtents))
        {
            for (var (weight, inner) = (f * channels * taps, 0); inner < channels * taps; inner++)
            {
                var (c, tap) = (inner / taps, inner % taps);
                var z = (d * strides[0]) - padding[0] + (tap / wExtents[4] / wExtents[3] * dilations[0]);
                var t = (h * strides[1]) - padding[1] + (tap / wExtents[4] % wExtents[3] * dilations[1]);
                var u = (v * strides[2]) - padding[2] + (tap % wExtents[4] * dilations[2]);
                if (z >= 0 && z < xExtents[2] && t >= 0 && t < xExtents[3] && u >= 0 && u < xExtents[4])
                    add(sums, Index(xExtents, n, (f / filters * channels) + c, z, t, u), weight + inner, at);
            }

            at++;
        }

        for (var i = 0; i < sums.Length; i++)
            resultData[i] = *alpha * (float)sums[i];
        return 0;
    }

    /// <summary>Whether the extents of y are those that cudnnGetConvolutionNdForwardOutputDim's formula gives.</summary>
    private static bool Fits(nint x, nint w, nint convolution, nint y)
    {
        var (xExtents, wExtents, yExtents, conv) = ((int[])_descriptors[x], (int[])_descriptors[w], (int[])_descriptors[y], (Convolution)_descriptors[convolution]);
        return xExtents[0] == yExtents[0] && xExtents[1] == wExtents[1] * conv.Groups && yExtents[1] == wExtents[0]
            && conv.Padding.Index().All(a => yExtents[a.Index + 2]
                == 1 + ((xExtents[a.Index + 2] + (2 * a.Item) - (((wExtents[a.Index + 2] - 1) * conv.Dilations[a.Index]) + 1)) / conv.Strides[a.Index]));
    }

    private static int[] Five(nint descriptor) => (int[])_descriptors[descriptor] is { Length: 4 } extents ? [extents[0], extents[1], 1, extents[2], extents[3]] : (int[])_descriptors[descriptor];

    private static int[] Three(int[] axes, int missing) => axes.Length == 2 ? [missing, .. axes] : axes;

    private static int Index(int[] extents, int n, int c, int d, int h, int w) => (((((((n * extents[1]) + c) * extents[2]) + d) * extents[3]) + h) * extents[4]) + w;

    private static IEnumerable<(int A, int B, int C, int D, int E)> Indices(int[] extents)
    {
        for (var a = 0; a < extents[0]; a++)
        {
            for (var b = 0; b < extents[1]; b++)
            {
                for (var c = 0; c < extents[2]; c++)
                {
                    for (var d = 0; d < extents[3]; d++)
                    {
                        for (var e = 0; e < extents[4]; e++)
                            yield return (a, b, c, d, e);
                    }
                }
            }
        }
    }

    private sealed class Convolution(int[] padding, int[] strides, int[] dilations)
    {
        public int[] Padding => padding;

        public int[] Strides => strides;

        public int[] Dilations => dilations;

        public int Groups { get; set; } = 1;

        public int MathType { get; set; }
    }
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>What is computed of a convolution, in cuDNN's words.</summary>
internal enum ConvPass
{
    /// <summary>x, w → y.</summary>
    Forward,

    /// <summary>w, dY → dX.</summary>
    BackwardData,

    /// <summary>x, dY → dW.</summary>
    BackwardFilter,
}

/// <summary>A convolution of so many samples.</summary>
/// <param name="Pass">What is computed.</param>
/// <param name="Batch">The samples.</param>
/// <param name="X">A sample of x.</param>
/// <param name="Y">A sample of y.</param>
/// <param name="Window">How the filters move; the padding after the last element is taken to be that before the first.</param>
/// <param name="Groups">The number of groups.</param>
internal sealed record ConvDescription(ConvPass Pass, int Batch, Shape X, Shape Y, Window Window, int Groups);

/// <summary>The descriptors of a convolution, and its algorithm. Constants are those of cudnn.h.</summary>
internal sealed class CudnnConvolution : IDisposable
{
    private const int Float = 0, Nchw = 0, CrossCorrelation = 1;

    /// <summary>
    /// How factors may be rounded (cudnnMathType_t): default and tensor-op let tensor cores round them to TF32, the next even to half precision, and FMA not at
    /// all.
    /// </summary>
    private const int DefaultMath = 0, TensorMath = 1, FmaMath = 3;

    /// <summary>More than there are.</summary>
    private const int MostAlgorithms = 16;

    private readonly CudnnFunctions _functions;
    private readonly CudnnFunctions.PassFunctions _pass;
    private readonly nint _handle, _x, _w, _y, _convolution;
    private readonly (nint First, nint Second, nint Result) _operands;
    private readonly bool _isDescribed;
    private int _algorithm;

    public CudnnConvolution(CudnnFunctions functions, nint handle, ConvDescription description)
    {
        (_functions, _handle) = (functions, handle);
        var (window, x, y) = (description.Window, description.X, description.Y);
        var axes = (WindowAxis[])[window.Depth, window.Height, window.Width];
        // Volumes have three spatial axes, all else has two.
        var first = x.Rank == 4 ? 0 : 1;
        axes = axes[first..];
        _isDescribed = functions.CreateTensor(out _x) == 0 && functions.CreateTensor(out _y) == 0
            && functions.CreateFilter(out _w) == 0 && functions.CreateConvolution(out _convolution) == 0
            && SetTensor(_x, [description.Batch, x.C, .. Spatial(x)])
            && SetTensor(_y, [description.Batch, y.C, .. Spatial(y)])
            && functions.SetFilter(_w, Float, Nchw, axes.Length + 2, [y.C, x.C / description.Groups, .. axes.Select(a => a.Size)]) == 0
            && functions.SetConvolution(
                _convolution, axes.Length, [.. axes.Select(a => a.Before)], [.. axes.Select(a => a.Stride)], [.. axes.Select(a => a.Dilation)], CrossCorrelation, Float) == 0
            && functions.SetGroups(_convolution, description.Groups) == 0;
        (_pass, _operands) = description.Pass switch
        {
            ConvPass.Forward => (functions.Forward, (_x, _w, _y)),
            ConvPass.BackwardData => (functions.BackwardData, (_w, _y, _x)),
            _ => (functions.BackwardFilter, (_x, _y, _w)),
        };

        int[] Spatial(Shape shape) => ((int[])[shape.D, shape.H, shape.W])[first..];
    }

    /// <summary>What is computed.</summary>
    public string Pass => _pass.Name;

    /// <summary>The bytes of scratch memory that a run needs.</summary>
    public long WorkspaceBytes { get; private set; }

    /// <summary>The algorithm's name.</summary>
    public string Algorithm => _pass.Algorithms[_algorithm];

    /// <summary>Chooses the algorithm; false where there is none.</summary>
    public bool TryPrepare(long mostWorkspaceBytes, GpuOptions options)
    {
        var allowTf32 = options.AllowTf32;
        var algorithms = new ConvAlgorithm[MostAlgorithms];
        var (first, second, result) = _operands;
        if (!_isDescribed
            || _functions.SetMathType(_convolution, allowTf32 ? DefaultMath : FmaMath) != 0
            || _pass.FindAlgorithms(_handle, first, second, _convolution, result, algorithms.Length, out var count, algorithms) != 0)
        {
            return false;
        }

        // The list begins with the fastest, as the library expects.
        foreach (var candidate in algorithms.Take(count))
        {
            var rounds = candidate.MathType is not (DefaultMath or FmaMath) && !(allowTf32 && candidate.MathType == TensorMath);
            var isLeftOut = options.ExactConvolution && _pass.Algorithms[candidate.Algorithm].Contains("Winograd", StringComparison.Ordinal);
            if (candidate is { Status: 0, IsDeterministic: 1 } && !rounds && !isLeftOut
                && (!allowTf32 || _functions.SetMathType(_convolution, candidate.MathType) == 0)
                && _pass.WorkspaceSize(_handle, first, second, _convolution, result, candidate.Algorithm, out var bytes) == 0
                && bytes <= (ulong)mostWorkspaceBytes)
            {
                (_algorithm, WorkspaceBytes) = (candidate.Algorithm, (long)bytes);
                return true;
            }
        }

        return false;
    }

    /// <summary>Computes the result of the operands in the order of the pass; returns the library's status.</summary>
    public int Run(nint first, nint second, nint workspace, nint result)
        => _pass.Run(
            _handle, 1, _operands.First, first, _operands.Second, second, _convolution, _algorithm, workspace, (nuint)WorkspaceBytes, 0, _operands.Result, result);

    public void Dispose()
    {
        _ = _functions.DestroyConvolution(_convolution);
        _ = _functions.DestroyFilter(_w);
        _ = _functions.DestroyTensor(_y);
        _ = _functions.DestroyTensor(_x);
    }

    private bool SetTensor(nint tensor, int[] extents)
    {
        var strides = new int[extents.Length];
        var stride = 1;
        for (var axis = extents.Length - 1; axis >= 0; axis--)
            (strides[axis], stride) = (stride, stride * extents[axis]);
        return _functions.SetTensor(tensor, Float, extents.Length, extents, strides) == 0;
    }
}

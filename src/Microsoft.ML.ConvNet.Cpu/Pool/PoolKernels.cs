using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Pooling over one or two axes as steps.</summary>
internal static unsafe class PoolKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        if (signature.Output.Shape.Rank > 3)
            return null;
        var channels = signature.Output.Shape.C;
        switch (signature.Op)
        {
            case MaxPoolOp op:
                {
                    var geometry = Geometry(op.Window, signature.Inputs[0].Shape, signature.Output.Shape);
                    return new FunctionKernel(Name("max pool", geometry), call => MaxPool.Forward(
                        pool, call.Input(0), (nint)call.Batch * channels, geometry, call.Output()));
                }

            case MaxPoolGradientOp op:
                {
                    var geometry = Geometry(op.Window, signature.Output.Shape, signature.Inputs[1].Shape);
                    return new FunctionKernel(Name("max pool gradient", geometry), call => MaxPool.Backward(
                        pool, call.Input(0), call.Input(1), (nint)call.Batch * channels, geometry, call.Output()));
                }

            case AveragePoolOp op:
                {
                    var geometry = Geometry(op.Window, signature.Inputs[0].Shape, signature.Output.Shape);
                    return new FunctionKernel(Name("average pool", geometry), call => AveragePool.Forward(
                        pool, call.Input(0), (nint)call.Batch * channels, geometry, Divisor(op.CountPadding), call.Output()));
                }

            case AveragePoolGradientOp op:
                {
                    var geometry = Geometry(op.Window, signature.Output.Shape, signature.Inputs[0].Shape);
                    return new FunctionKernel("average pool gradient", call => AveragePool.Backward(
                        pool, call.Input(0), (nint)call.Batch * channels, geometry, Divisor(op.CountPadding), call.Output()));
                }

            default:
                return null;
        }
    }

    private static WindowGeometry Geometry(Window window, Shape x, Shape y)
        => new(x.H, x.W, y.H, y.W, window.Height.Size, window.Width.Size, window.Height.Stride, window.Width.Stride,
            window.Height.Before, window.Width.Before, window.Height.Dilation, window.Width.Dilation);

    private static AverageDivisor Divisor(bool countPadding) => countPadding ? AverageDivisor.Kernel : AverageDivisor.Inside;

    private static string Name(string what, WindowGeometry geometry) => Pool2x2.Supports(geometry) ? $"{what} 2×2" : what;
}

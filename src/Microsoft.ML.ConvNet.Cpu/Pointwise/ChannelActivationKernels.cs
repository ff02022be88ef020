using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Activations that know their channel, as steps: PReLU by <see cref="ChannelLoop"/>, maxout plane by plane.</summary>
internal static unsafe class ChannelActivationKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var type = signature.Inputs[0];
        return signature.Op switch
        {
            PReluOp => new FunctionKernel("pointwise by channel", call => ChannelPointwise.Map(
                pool, call.Input(0), call.Input(1), call.Output(), call.Channels(type), default(PRelu))),
            PReluGradientOp => new FunctionKernel("pointwise by channel", call => ChannelLoop.Run(
                pool, call.Channels(type), new ChannelValues(call.Input(1)), new PReluGradientBody(call.Input(0), call.Input(2), call.Output()))),
            MaxoutOp op => new FunctionKernel("maxout", call => PlaneLoop.Run(
                pool, (nint)call.Batch * signature.Output.Shape.C, type.Shape.Plane * op.Pieces,
                new MaxoutBody(call.Input(0), op.Pieces, type.Shape.Plane, call.Output()))),
            MaxoutGradientOp op => new FunctionKernel("maxout gradient", call => PlaneLoop.Run(
                pool, (nint)call.Batch * signature.Inputs[1].Shape.C, type.Shape.Plane * op.Pieces,
                new MaxoutGradientBody(call.Input(0), call.Input(1), op.Pieces, type.Shape.Plane, call.Output()))),
            _ => null,
        };
    }

    /// <summary>x where positive, slope·x elsewhere.</summary>
    private readonly struct PRelu : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply<S, V>(V x, V slope)
            where S : struct, ISimd<V>
            where V : struct => S.Select(S.GreaterThan(x, S.Create(0f)), x, S.Multiply(slope, x));
    }

    private readonly struct PReluGradientBody(float* x, float* dY, float* dX) : IChannelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V slope, V b, V c, V d, V e, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var gradient = lanes.Load(dY + i);
            lanes.Store(S.Select(S.GreaterThan(lanes.Load(x + i), S.Create(0f)), gradient, S.Multiply(slope, gradient)), dX + i);
        }
    }

    /// <summary>The maximum of the planes of a group.</summary>
    private readonly struct MaxoutBody(float* x, int pieces, int plane, float* y) : IPlaneBody
    {
        public void Run(nint output)
        {
            var first = x + (output * pieces * plane);
            Pointwise.Map(first, y + (output * plane), plane, default(Identity));
            for (var piece = 1; piece < pieces; piece++)
                Pointwise.Map(y + (output * plane), first + (piece * plane), y + (output * plane), plane, default(Maximum));
        }
    }

    /// <summary>Every gradient to the first of the largest.</summary>
    private readonly struct MaxoutGradientBody(float* x, float* dY, int pieces, int plane, float* dX) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint output)
        {
            var start = output * pieces * plane;
            new Span<float>(dX + start, pieces * plane).Clear();
            for (var i = 0; i < plane; i++)
            {
                var best = start + i;
                for (var piece = 1; piece < pieces; piece++)
                {
                    if (x[start + i + (piece * plane)] > x[best])
                        best = start + i + (piece * plane);
                }

                dX[best] = dY[(output * plane) + i];
            }
        }
    }
}

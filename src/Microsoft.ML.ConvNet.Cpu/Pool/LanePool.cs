using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Pooling where lanes are channels or samples, as steps: images and sequences; volumes are left to the plain kernels. See <see cref="LaneMaxPool"/>
/// and <see cref="LaneAveragePool"/>.
/// </summary>
internal static unsafe class LanePool
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var (input, output) = (signature.Inputs[0], signature.Output);
        if (output.Shape.D != 1 || input.Shape.D != 1 || signature.Inputs.Any(i => i.Layout != output.Layout))
            return null;
        switch (signature.Op)
        {
            case MaxPoolOp op:
                var g = PoolGeometry.Of(op.Window, input.Shape, output.Shape);
                return LaneMaxPool.Is2x2(g)
                    ? Step("max pool by lanes 2×2", g, call => new LaneMaxPool.Forward2x2Body(call.Input(0), g, call.Output()))
                    : Step("max pool by lanes", g, call => new LaneMaxPool.ForwardBody(call.Input(0), g, call.Output()));
            case MaxPoolGradientOp op:
                g = PoolGeometry.Of(op.Forward.Window, output.Shape, signature.Inputs[1].Shape);
                return LaneMaxPool.Is2x2(g)
                    ? Step("max pool gradient by lanes 2×2", g, call => new LaneMaxPool.Backward2x2Body(call.Input(0), call.Input(1), g, op.Relu, call.Output()))
                    : Step("max pool gradient by lanes", g, call => new LaneMaxPool.BackwardBody(call.Input(0), call.Input(1), g, op.Relu, call.Output()));
            case AveragePoolOp op:
                g = PoolGeometry.Of(op.Window, input.Shape, output.Shape);
                var shares = LaneAveragePool.Shares(op, g);
                return Step("average pool by lanes", g, call => new LaneAveragePool.ForwardBody(call.Input(0), g, shares, call.Output()));
            case AveragePoolGradientOp op:
                g = PoolGeometry.Of(op.Forward.Window, output.Shape, input.Shape);
                shares = LaneAveragePool.Shares(op.Forward, g);
                return Step("average pool gradient by lanes", g, call => new LaneAveragePool.BackwardBody(call.Input(0), g, shares, call.Output()));
            default:
                return null;
        }

        FunctionKernel Step<B>(string name, PoolGeometry g, Func<KernelCall, B> body)
            where B : struct, IVectorPlaneBody
            => new(name, call => PlaneLoop.RunVectors(
                pool, (nint)output.Layout.PaddedBatch(call.Batch) * output.Shape.C / output.Layout.Lanes, g.PlaneSize * output.Layout.Lanes, body(call)));
    }
}

using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Sums or means of each channel of each sample over all its places, as in global average pooling, and their adjoint, where lanes are
/// channels or samples. Layout: planes of H×W×L. Lanes: as the layout has them.
/// </summary>
internal static unsafe class LaneReduce
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var reduces = signature.Op is ReduceOp;
        var (input, output) = (signature.Inputs[0], signature.Output);
        var (large, small) = reduces ? (input, output) : (output, input);
        if (large.Layout != small.Layout || !small.Batched || small.Shape.C != large.Shape.C || small.Shape.Plane != 1)
            return null;
        var plane = large.Shape.Plane;
        var scale = signature.Op is ReduceOp { Mean: true } or BroadcastOp { Mean: true } ? 1f / plane : 1f;
        return reduces
            ? new FunctionKernel("sum of planes by lanes", call => PlaneLoop.RunVectors(pool, Planes(call), plane * Lanes, new SumBody(call.Input(0), plane, scale, call.Output())))
            : new FunctionKernel("fill of planes by lanes", call => PlaneLoop.RunVectors(pool, Planes(call), plane * Lanes, new FillBody(call.Input(0), plane, scale, call.Output())));

        nint Planes(KernelCall call) => (nint)large.Layout.PaddedBatch(call.Batch) * large.Shape.C / Lanes;
    }

    private static int Lanes => VectorWidth.Floats;

    private readonly struct SumBody(float* x, int count, float scale, float* y) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            V sum = default;
            var source = x + (plane * count * S.Count);
            for (var i = 0; i < count; i++, source += S.Count)
                sum = S.Add(sum, S.Load(source));
            S.Store(S.Multiply(sum, S.Create(scale)), y + (plane * S.Count));
        }
    }

    private readonly struct FillBody(float* x, int count, float scale, float* y) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var value = S.Multiply(S.Load(x + (plane * S.Count)), S.Create(scale));
            var target = y + (plane * count * S.Count);
            for (var i = 0; i < count; i++, target += S.Count)
                S.Store(value, target);
        }
    }
}

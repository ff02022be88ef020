using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Steps that only move numbers: at the memory's speed.</summary>
internal static unsafe class MoveKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool) => signature.Op switch
    {
        FillOp op => new FunctionKernel("fill", call => Pointwise.Fill(pool, call.Output(), call.Count(), op.Value)),
        CopyOp or ReshapeOp => new FunctionKernel("copy", call => Pointwise.Map(pool, call.Input(0), call.Output(), call.Count(), default(Identity))),
        ConcatOp op => new FunctionKernel("concat", call => Concat(op, call)),
        SliceOp op => new FunctionKernel("slice", call => Copy(call, 0, op.Start, 0, op.Axis, op.Length)),
        _ => null,
    };

    private static void Concat(ConcatOp op, KernelCall call)
    {
        var start = 0;
        for (var input = 0; input < call.Inputs.Length; input++)
        {
            var length = call.Inputs[input].Type.Shape[op.Axis];
            Copy(call, input, 0, start, op.Axis, length);
            start += length;
        }
    }

    private static void Copy(KernelCall call, int input, int sourceStart, int targetStart, int axis, int length)
    {
        var type = call.Inputs[input].Type;
        AxisCopy.Run(
            new ReadOnlySpan<float>(call.Input(input), checked((int)type.Length(call.Batch))), type.Shape, sourceStart,
            new Span<float>(call.Output(), checked((int)call.Count())), call.Output.Type.Shape, targetStart, axis, length);
    }
}

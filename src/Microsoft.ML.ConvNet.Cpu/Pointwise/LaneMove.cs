using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Joining and cutting out channels where lanes are channels or samples. Idea: the planes of whole vectors of channels, or of single channels of a group of samples, lie
/// one after the other as plain channels do, so that the same copies serve with larger elements.
/// </summary>
internal static unsafe class LaneMove
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var layout = signature.Output.Layout;
        if (signature.Inputs.Any(i => i.Layout != layout))
            return null;

        // A range of channels must be one of whole vectors.
        var unit = layout.Kind == LayoutKind.ChannelLanes ? layout.Lanes : 1;
        return signature.Op switch
        {
            ConcatOp { Axis: 0 } => new FunctionKernel("concat by lanes", call => Concat(call, unit)),
            SliceOp { Axis: 0 } op when op.Start % unit == 0 => new FunctionKernel("slice by lanes", call => Copy(call, 0, op.Start / unit, 0, op.Length / unit, unit)),
            _ => null,
        };
    }

    private static void Concat(KernelCall call, int unit)
    {
        var start = 0;
        for (var input = 0; input < call.Inputs.Length; input++)
        {
            var length = call.Inputs[input].Type.Shape.C / unit;
            Copy(call, input, 0, start, length, unit);
            start += length;
        }
    }

    private static void Copy(KernelCall call, int input, int sourceStart, int targetStart, int length, int unit)
    {
        var type = call.Inputs[input].Type;
        AxisCopy.Run(
            new ReadOnlySpan<float>(call.Input(input), checked((int)type.Length(call.Batch))), Planes(type), sourceStart,
            new Span<float>(call.Output(), checked((int)call.Count())), Planes(call.Output.Type), targetStart, axis: 0, length);

        Shape Planes(TensorType t) => [t.Shape.C / unit, t.Shape.Plane * t.Layout.Lanes];
    }
}

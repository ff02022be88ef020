using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>A kernel that is one call of a primitive.</summary>
internal sealed class FunctionKernel(string name, Action<KernelCall> run, long workspaceLength = 0, long preparedLength = 0) : Kernel
{
    public override string Name => name;

    public override long WorkspaceLength => workspaceLength;

    public override long PreparedLength => preparedLength;

    public override void Run(KernelCall call) => run(call);
}

/// <summary>The operands of a step as pointers.</summary>
internal static unsafe class KernelCallPointers
{
    public static float* Input(this KernelCall call, int input) => Pointer(call.Inputs[input]);

    public static float* Output(this KernelCall call) => Pointer(call.Output);

    public static float* Workspace(this KernelCall call) => Pointer(call.Workspace);

    public static float* Prepared(this KernelCall call) => Pointer(call.Prepared);

    /// <summary>The number of elements of the output in this run.</summary>
    public static nint Count(this KernelCall call) => (nint)call.Output.Type.Length(call.Batch);

    /// <summary>
    /// An operand as samples, channels and the elements of a channel; without a batch as one sample, with samples in the lanes as one sample for
    /// each group of lanes.
    /// </summary>
    public static ChannelShape Channels(this KernelCall call, TensorType type) => type.Layout.Kind switch
    {
        LayoutKind.ChannelLanes => new(call.Batch, type.Shape.C, type.Shape.Plane, type.Layout.Lanes),
        LayoutKind.BatchLanes => new(type.Layout.PaddedBatch(call.Batch) / type.Layout.Lanes, type.Shape.C, (nint)type.Shape.Plane * type.Layout.Lanes),
        _ => new(type.Batched ? call.Batch : 1, type.Shape.C, type.Shape.Plane),
    };

    /// <summary>The memory of an operand, or null for scratch memory of no length.</summary>
    public static float* Pointer(this TensorView view) => view.Buffer is NativeBuffer buffer ? buffer.Pointer + view.Offset : null;
}

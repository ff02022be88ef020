using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>A step that is one or a few launches on the stream of an accelerator.</summary>
internal sealed class GpuKernel(string name, Accelerator accelerator, Action<KernelCall> launch, long workspaceLength) : Kernel
{
    public override string Name => name;

    public override long WorkspaceLength => workspaceLength;

    public override void Run(KernelCall call)
    {
        // A plan may be run by one thread after another; launches go to the accelerator that the thread is bound to.
        accelerator.Bind();
        launch(call);
    }
}

/// <summary>The operands of a step as views.</summary>
internal static class KernelCallViews
{
    public static ArrayView<float> Input(this KernelCall call, int input) => View(call.Inputs[input], call.Inputs[input].Type.Length(call.Batch));

    public static ArrayView<float> Output(this KernelCall call) => View(call.Output, call.Output.Type.Length(call.Batch));

    public static ArrayView<float> Workspace(this KernelCall call, long length) => View(call.Workspace, length);

    /// <summary>The number of elements of the output in this run.</summary>
    public static int Count(this KernelCall call) => (int)call.Output.Type.Length(call.Batch);

    /// <summary>Whether runs of so many elements are whole quads, and all operands begin with one, so that four floats are loaded and stored at once.</summary>
    public static bool IsInQuads(this KernelCall call, int length) => length % 4 == 0 && call.Output.Offset % 4 == 0 && Array.TrueForAll(call.Inputs, i => i.Offset % 4 == 0);

    /// <summary>Whether a thread takes four neighbouring elements at once, where all operands are as long: 1 or 0.</summary>
    public static int Quads(this KernelCall call) => call.IsInQuads(call.Count()) ? 1 : 0;

    /// <summary>The threads that such a step takes.</summary>
    public static int CountOfThreads(this KernelCall call) => call.Count() >> (2 * call.Quads());

    /// <summary>Whether the output takes the place of an input.</summary>
    public static bool Overwrites(this KernelCall call, int input)
        => call.Output.Buffer == call.Inputs[input].Buffer && call.Output.Offset == call.Inputs[input].Offset;

    /// <summary>Where a tensor begins, for libraries of native code.</summary>
    public static nint Address(this TensorView view) => ((GpuBuffer)view.Buffer).Address(view.Offset);

    private static ArrayView<float> View(TensorView view, long length) => ((GpuBuffer)view.Buffer).View(view.Offset, length);
}

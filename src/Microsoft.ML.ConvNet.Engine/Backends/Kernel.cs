namespace Microsoft.ML.ConvNet.Backends;

/// <summary>
/// A fast implementation of one step, bound to its shapes when the plan is compiled and then run many times.
/// </summary>
public abstract class Kernel
{
    /// <summary>The algorithm as shown in a plan, for example "im2col + GEMM 8×48".</summary>
    public abstract string Name { get; }

    /// <summary>The number of floats of scratch memory that a run needs, shared with the other steps of the plan.</summary>
    public virtual long WorkspaceLength => 0;

    /// <summary>Computes the output, every element of it, for the first <see cref="KernelCall.Batch"/> samples.</summary>
    public abstract void Run(KernelCall call);
}

/// <summary>The operands of one step. They stay the same from run to run; the batch and the state change.</summary>
public sealed class KernelCall
{
    /// <summary>The inputs.</summary>
    public required TensorView[] Inputs { get; init; }

    /// <summary>The output.</summary>
    public required TensorView Output { get; init; }

    /// <summary>Scratch memory of <see cref="Kernel.WorkspaceLength"/> floats; its content is undefined.</summary>
    public TensorView Workspace { get; init; }

    /// <summary>The number of samples of this run, at most that of the plan.</summary>
    public int Batch { get; internal set; }

    /// <summary>The state of this run.</summary>
    public RunState State { get; internal set; }
}

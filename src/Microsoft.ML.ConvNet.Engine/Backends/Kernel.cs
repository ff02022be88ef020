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

    /// <summary>
    /// The number of floats that the kernel keeps from run to run of what it makes of parameters alone, such as packed weights; see
    /// <see cref="KernelCall.ParametersChanged"/>.
    /// </summary>
    public virtual long PreparedLength => 0;

    /// <summary>
    /// The estimated time on one thread of a run with the plan's largest batch, in microseconds, or null where nobody estimates it.
    /// Plans choose by it, so it depends on nothing that changes from run to run.
    /// </summary>
    public double? Cost { get; set; }

    /// <summary>Why a plan uses this kernel, where there was a choice, for example "1.2 ms estimated, direct 1.9 ms".</summary>
    public string? Reason { get; set; }

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

    /// <summary>Memory of <see cref="Kernel.PreparedLength"/> floats that holds what the last run left there, unless the parameters changed.</summary>
    public TensorView Prepared { get; init; }

    /// <summary>Whether operands without a batch may have changed since the last run, so that <see cref="Prepared"/> must be made again.</summary>
    public bool ParametersChanged { get; set; } = true;

    /// <summary>The number of samples of this run, at most that of the plan.</summary>
    public int Batch { get; set; }

    /// <summary>The state of this run.</summary>
    public RunState State { get; set; }
}

using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet.Backends;

/// <summary>A place where plans run: it owns memory and has kernels for the ops that it is fast at.</summary>
public interface IBackend
{
    /// <summary>The name of the backend, for example "CPU (AVX-512, 8 threads)".</summary>
    string Name { get; }

    /// <summary>The rewrites that make a graph faster on this backend, in the order in which they run.</summary>
    IReadOnlyList<IPass> Passes { get; }

    /// <summary>Allocates zeroed memory for <paramref name="length"/> floats.</summary>
    /// <exception cref="OutOfMemoryException">There is not enough.</exception>
    DeviceBuffer Allocate(long length);

    /// <summary>Chooses the kernel for one step, or null to run the op's naive implementation.</summary>
    Kernel? Find(OpSignature signature);

    /// <summary>Returns when all that was started is done.</summary>
    void Synchronize();
}

/// <summary>What a kernel is chosen by: the op and the types that it meets in one step of a plan.</summary>
/// <param name="Op">The op with its attributes.</param>
/// <param name="Inputs">The types of the inputs.</param>
/// <param name="Output">The type of the output.</param>
/// <param name="MaxBatch">The largest batch that the plan will run.</param>
public sealed record OpSignature(Op Op, IReadOnlyList<TensorType> Inputs, TensorType Output, int MaxBatch)
{
    /// <summary>
    /// Whether operands without a batch stay the same for many runs, so that it pays to keep what is made of them; see
    /// <see cref="Kernel.PreparedLength"/>.
    /// </summary>
    public bool KeepsPrepared { get; init; }

    /// <summary>Whether all operands are in the plain layout.</summary>
    public bool IsPlain => Output.Layout == Layout.Plain && Inputs.All(i => i.Layout == Layout.Plain);
}

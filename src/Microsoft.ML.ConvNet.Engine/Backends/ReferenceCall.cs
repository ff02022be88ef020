using System.Numerics;

namespace Microsoft.ML.ConvNet.Backends;

/// <summary>One run of an op's naive implementation: its tensors as spans, the batch, and the state of the run.</summary>
/// <typeparam name="T">The element type.</typeparam>
public abstract class ReferenceCall<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>The types of the inputs.</summary>
    public required IReadOnlyList<TensorType> InputTypes { get; init; }

    /// <summary>The type of the output.</summary>
    public required TensorType OutputType { get; init; }

    /// <summary>The number of samples.</summary>
    public int Batch { get; set; }

    /// <summary>The state of the run: step, seed, learning rate.</summary>
    public RunState State { get; set; }

    /// <summary>One input, sample after sample; <see cref="TensorType.Length"/> elements.</summary>
    public ReadOnlySpan<T> Input(int input) => Mutable(input);

    /// <summary>One input to be updated in place; only for optimizers.</summary>
    public abstract Span<T> Mutable(int input);

    /// <summary>The output to write, every element of it.</summary>
    public abstract Span<T> Output { get; }
}

/// <summary>What changes from run to run of a plan.</summary>
/// <param name="Seed">The seed of all random numbers of the training run.</param>
/// <param name="Step">The number of optimizer steps taken before this one.</param>
/// <param name="LearningRate">The learning rate of this step.</param>
public readonly record struct RunState(ulong Seed, long Step, float LearningRate);

namespace Microsoft.ML.ConvNet;

/// <summary>Samples in memory, as floats.</summary>
public sealed class ArrayBatches : IBatchSource
{
    private readonly float[] _inputs;
    private readonly float[] _targets;

    /// <summary>Takes samples that lie one after the other.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="inputShape">The shape of one input.</param>
    /// <param name="targets">The targets: class indices 0…C−1, or numbers to predict.</param>
    /// <param name="targetShape">The shape of one target; 1 by default.</param>
    /// <exception cref="ArgumentException">The arrays do not hold the same whole number of samples.</exception>
    public ArrayBatches(float[] inputs, Shape inputShape, float[] targets, Shape? targetShape = null)
    {
        (_inputs, InputShape, _targets, TargetShape) = (inputs, inputShape, targets, targetShape ?? [1]);
        Count = CountSamples(inputs.Length, InputShape, targets.Length, TargetShape);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public Shape InputShape { get; }

    /// <inheritdoc/>
    public Shape TargetShape { get; }

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets)
    {
        var (inputLength, targetLength) = (InputShape.Length, TargetShape.Length);
        foreach (var sample in samples)
        {
            _inputs.AsSpan(sample * inputLength, inputLength).CopyTo(inputs);
            _targets.AsSpan(sample * targetLength, targetLength).CopyTo(targets);
            inputs = inputs[inputLength..];
            targets = targets[targetLength..];
        }
    }

    /// <summary>The number of samples in arrays of inputs and of targets.</summary>
    /// <exception cref="ArgumentException">They do not hold the same whole number of samples.</exception>
    internal static int CountSamples(int inputs, Shape inputShape, int targets, Shape targetShape)
    {
        var count = inputs / inputShape.Length;
        return inputs % inputShape.Length == 0 && targets == (long)count * targetShape.Length
            ? count
            : throw new ArgumentException($"{inputs} numbers are {(double)inputs / inputShape.Length:0.##} inputs of {inputShape}, but {targets} are {(double)targets / targetShape.Length:0.##} targets of {targetShape}.", nameof(targets));
    }
}

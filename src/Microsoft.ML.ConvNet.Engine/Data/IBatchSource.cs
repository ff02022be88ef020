namespace Microsoft.ML.ConvNet;

/// <summary>Samples that a trainer reads in batches, in any order and as often as it likes.</summary>
public interface IBatchSource
{
    /// <summary>The number of samples.</summary>
    int Count { get; }

    /// <summary>The shape of one input.</summary>
    Shape InputShape { get; }

    /// <summary>The shape of one target: 1 for a class index, the output's shape for regression.</summary>
    Shape TargetShape { get; }

    /// <summary>Reads some samples, one after the other.</summary>
    /// <param name="samples">The indices of the samples.</param>
    /// <param name="inputs">Room for as many inputs.</param>
    /// <param name="targets">Room for as many targets.</param>
    void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets);
}

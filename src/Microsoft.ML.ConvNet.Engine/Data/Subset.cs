namespace Microsoft.ML.ConvNet;

/// <summary>Some of the samples of another source.</summary>
/// <param name="source">The other source.</param>
/// <param name="indices">The indices of the samples in it.</param>
public sealed class Subset(IBatchSource source, int[] indices) : IBatchSource
{
    /// <inheritdoc/>
    public int Count => indices.Length;

    /// <inheritdoc/>
    public Shape InputShape => source.InputShape;

    /// <inheritdoc/>
    public Shape TargetShape => source.TargetShape;

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets)
    {
        Span<int> mapped = samples.Length <= 256 ? stackalloc int[samples.Length] : new int[samples.Length];
        for (var i = 0; i < samples.Length; i++)
            mapped[i] = indices[samples[i]];
        source.Read(mapped, inputs, targets);
    }
}

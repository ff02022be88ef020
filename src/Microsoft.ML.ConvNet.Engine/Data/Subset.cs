namespace Microsoft.ML.ConvNet;

/// <summary>Some of the samples of another source, as bytes where that has bytes.</summary>
/// <param name="source">The other source.</param>
/// <param name="indices">The indices of the samples in it.</param>
public sealed class Subset(IBatchSource source, int[] indices) : IPixelSource
{
    /// <inheritdoc/>
    public int Count => indices.Length;

    /// <inheritdoc/>
    public Shape InputShape => source.InputShape;

    /// <inheritdoc/>
    public Shape TargetShape => source.TargetShape;

    /// <inheritdoc/>
    public bool HasPixels => source.AsPixels() != null;

    /// <inheritdoc/>
    public void ReadPixels(int sample, Span<byte> pixels, Span<float> target) => ((IPixelSource)source).ReadPixels(indices[sample], pixels, target);

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets)
    {
        Span<int> mapped = samples.Length <= 256 ? stackalloc int[samples.Length] : new int[samples.Length];
        for (var i = 0; i < samples.Length; i++)
            mapped[i] = indices[samples[i]];
        source.Read(mapped, inputs, targets);
    }
}

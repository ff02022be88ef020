namespace Microsoft.ML.ConvNet;

/// <summary>
/// Samples whose inputs are images of one byte for each number: a byte b stands for b·(1/255). A <see cref="Trainer"/> and an <see cref="Evaluator"/> take them
/// as bytes, which become numbers where the network runs: the same, bit by bit, that <see cref="IBatchSource.Read"/> gives.
/// </summary>
public interface IPixelSource : IBatchSource
{
    /// <summary>Whether the inputs are bytes: a source may find out when it sees the data.</summary>
    bool HasPixels { get; }

    /// <summary>Reads one sample; only where <see cref="HasPixels"/>.</summary>
    /// <param name="sample">The index of the sample.</param>
    /// <param name="pixels">Room for as many bytes as <see cref="IBatchSource.InputShape"/> has elements.</param>
    /// <param name="target">Room for its target.</param>
    void ReadPixels(int sample, Span<byte> pixels, Span<float> target);
}

/// <summary>Tells whether a source has bytes.</summary>
internal static class PixelSources
{
    /// <summary>The source where its inputs are bytes, else null.</summary>
    public static IPixelSource? AsPixels(this IBatchSource source) => source is IPixelSource { HasPixels: true } pixels ? pixels : null;
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Images in memory, as bytes.</summary>
public sealed class PixelBatches : IPixelSource
{
    private readonly byte[] _pixels;
    private readonly float[] _targets;

    /// <summary>Takes images that lie one after the other.</summary>
    /// <param name="pixels">The images, C×H×W each; a byte b stands for b·(1/255).</param>
    /// <param name="inputShape">The shape of one image.</param>
    /// <param name="targets">The targets: class indices 0…C−1, or numbers to predict.</param>
    /// <param name="targetShape">The shape of one target; 1 by default.</param>
    /// <exception cref="ArgumentException">The arrays do not hold the same whole number of samples.</exception>
    public PixelBatches(byte[] pixels, Shape inputShape, float[] targets, Shape? targetShape = null)
    {
        (_pixels, InputShape, _targets, TargetShape) = (pixels, inputShape, targets, targetShape ?? [1]);
        Count = ArrayBatches.CountSamples(pixels.Length, InputShape, targets.Length, TargetShape);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public Shape InputShape { get; }

    /// <inheritdoc/>
    public Shape TargetShape { get; }

    /// <inheritdoc/>
    public bool HasPixels => true;

    /// <inheritdoc/>
    public void ReadPixels(int sample, Span<byte> pixels, Span<float> target)
    {
        PixelsOf(sample).CopyTo(pixels);
        TargetOf(sample).CopyTo(target);
    }

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            PixelsOp.Unpack(PixelsOf(samples[i]), inputs[(i * InputShape.Length)..]);
            TargetOf(samples[i]).CopyTo(targets[(i * TargetShape.Length)..]);
        }
    }

    private ReadOnlySpan<byte> PixelsOf(int sample) => _pixels.AsSpan(sample * InputShape.Length, InputShape.Length);

    private ReadOnlySpan<float> TargetOf(int sample) => _targets.AsSpan(sample * TargetShape.Length, TargetShape.Length);
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Images as bytes train and validate as the same images as floats do, bit by bit.</summary>
public static class PixelTraining
{
    private const int Count = 40;

    // A sample's 75 bytes fill no whole number of floats.
    private static readonly Shape _shape = [3, 5, 5];

    private static readonly TrainerOptions _options = new() { Epochs = 2, BatchSize = 16, LearningRate = 0.01f, ValidationFraction = 0.25f, RecomputedSegments = 2 };

    /// <summary>Random images of three classes.</summary>
    public static PixelBatches Images() => new(
        [.. Enumerable.Range(0, Count * _shape.Length).Select(i => (byte)(256 * CounterRandom.Uniform(5, (uint)i)))],
        _shape,
        [.. Enumerable.Range(0, Count).Select(i => i % 3f)]);

    /// <summary>The same images as floats.</summary>
    public static ArrayBatches Floats(PixelBatches images)
    {
        var (inputs, targets) = (new float[Count * _shape.Length], new float[Count]);
        images.Read([.. Enumerable.Range(0, Count)], inputs, targets);
        return new ArrayBatches(inputs, _shape, targets);
    }

    /// <summary>Trains on both and asserts that nothing differs.</summary>
    public static void Check(IBackend backend)
    {
        var network = Network.Input(3, 5, 5).Conv(6, 3, padding: 1).BatchNorm().Relu().Conv(4, 3).Relu().Dense(3);
        var images = Images();
        var expected = new Trainer(backend, _options).Fit(network, Floats(images));
        var actual = new Trainer(backend, _options).Fit(network, new BytesOnly(images));
        Assert.Equal(expected.Network.Weights, actual.Network.Weights);
        Assert.Equal(expected.History, actual.History);
    }

    /// <summary>Images that nobody may read as floats.</summary>
    private sealed class BytesOnly(PixelBatches images) : IPixelSource
    {
        public int Count => images.Count;

        public Shape InputShape => images.InputShape;

        public Shape TargetShape => images.TargetShape;

        public bool HasPixels => true;

        public void ReadPixels(int sample, Span<byte> pixels, Span<float> target) => images.ReadPixels(sample, pixels, target);

        public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets) => Assert.Fail("Bytes were read as floats.");
    }
}

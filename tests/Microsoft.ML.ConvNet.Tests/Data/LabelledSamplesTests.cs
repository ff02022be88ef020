using Microsoft.ML.ConvNet.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class LabelledSamplesTests
{
    [Fact]
    public void Images_are_bytes_and_the_same_images_as_floats()
    {
        var ml = new MLContext(seed: 1);
        using var samples = Read(ml.Data.LoadFromEnumerable(Samples.Images(20)), "Image", Samples.ImageNetwork());
        Assert.True(samples.HasPixels);
        var length = samples.InputShape.Length;
        var (pixels, ofPixels, inputs, target) = (new byte[length], new float[1], new float[length], new float[1]);
        for (var i = 0; i < samples.Count; i++)
        {
            samples.ReadPixels(i, pixels, ofPixels);
            samples.Read([i], inputs, target);
            Assert.Equal(inputs, pixels.Select(p => p * (1f / 255)));
            Assert.Equal((float)(i % 3), ofPixels[0]);
            Assert.Equal((float)(i % 3), target[0]);

            // The colours are red, green and blue in turn.
            Assert.Equal(i % 3, Array.IndexOf(pixels, pixels.Max()) / (length / 3));
        }
    }

    [Fact]
    public void Vectors_are_not_bytes()
    {
        var ml = new MLContext(seed: 1);
        using var samples = Read(ml.Data.LoadFromEnumerable(Samples.Vectors(9)), "Features", Samples.VectorNetwork());
        Assert.False(samples.HasPixels);
    }

    private static LabelledSamples Read(IDataView rows, string features, Network network)
    {
        var data = Pipelines.WithKeys(new MLContext(seed: 1), rows);
        return LabelledSamples.Read(data, data.Schema[features], data.Schema["Label"], network.Inputs[0], threads: 2, cacheBytes: 1 << 20, folder: null, CancellationToken.None);
    }
}

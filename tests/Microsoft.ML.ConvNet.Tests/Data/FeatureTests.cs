using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.ConvNet.Tests;

public class FeatureTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void Images_are_read_into_as_many_channels_as_the_network_has(int channels)
    {
        var ml = new MLContext(seed: 1);
        var data = Data(ml, Samples.Images(30));
        var options = Pipelines.Quick(epochs: 1);
        options.FeatureColumnName = "Image";
        var transformer = new ConvNetTrainer(ml, Samples.ImageNetwork(channels), options).Fit(data);

        Assert.Equal(30, Pipelines.Scores(transformer.Transform(data)).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_order_of_an_images_bytes_does_not_matter(int channels)
    {
        var ml = new MLContext(seed: 1);
        var (rgba, bgra) = (Data(ml, Samples.Images(20, MLPixelFormat.Rgba32)), Data(ml, Samples.Images(20, MLPixelFormat.Bgra32)));
        var transformer = TrainOnImages(ml, rgba, channels);

        Assert.Equal(Pipelines.Scores(transformer.Transform(rgba)), Pipelines.Scores(transformer.Transform(bgra)));
    }

    [Fact]
    public void Grey_is_the_luma_of_red_green_and_blue()
    {
        // The network passes three pixels on; the softmax of their greys tells the greys' differences.
        var ml = new MLContext(seed: 1);
        var network = (Network)Network.Input(1, 1, 3).Flatten();
        byte[] pixels = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255];
        var rows = Enumerable.Range(0, 3).Select(i => new Strip { Image = MLImage.CreateFromPixels(3, 1, MLPixelFormat.Rgba32, pixels), Label = $"{i}" }).ToArray();
        var scores = Pipelines.Scores(Passing(ml, network, rows))[0];

        Assert.Equal(0.7152 - 0.2126, Math.Log(scores[1] / scores[0]), 0.005);
        Assert.Equal(0.2126 - 0.0722, Math.Log(scores[0] / scores[2]), 0.005);
    }

    [Fact]
    public void Grey_stays_grey()
    {
        var ml = new MLContext(seed: 1);
        var network = (Network)Network.Input(1, 1, 3).Flatten();
        byte[] pixels = [0, 0, 0, 255, 100, 100, 100, 255, 255, 255, 255, 255];
        var rows = Enumerable.Range(0, 3).Select(i => new Strip { Image = MLImage.CreateFromPixels(3, 1, MLPixelFormat.Rgba32, pixels), Label = $"{i}" }).ToArray();
        var scores = Pipelines.Scores(Passing(ml, network, rows))[0];

        Assert.Equal(100 / 255.0, Math.Log(scores[1] / scores[0]), 1e-5);
        Assert.Equal(1, Math.Log(scores[2] / scores[0]), 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Extracted_pixels_score_as_the_image_does(bool interleave)
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(seed: 1);
        var files = ml.Data.LoadFromEnumerable(Samples.Files(folder, 30));
        // Pixels have a known size once the images have one.
        var sized = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.LoadImages("Loaded", "", "ImagePath"))
            .Append(ml.Transforms.ResizeImages("Image", Samples.ImageSize, Samples.ImageSize, "Loaded"))
            .Append(ml.Transforms.ExtractPixels("Pixels", "Image", orderOfExtraction: ImagePixelExtractingEstimator.ColorsOrder.ARGB, interleavePixelColors: interleave, scaleImage: 1f / 255));
        var data = sized.Fit(files).Transform(files);

        var (image, vector) = (Pipelines.Quick(), Pipelines.Quick());
        (image.FeatureColumnName, image.Seed) = ("Image", 4);
        (vector.FeatureColumnName, vector.Seed) = ("Pixels", 4);
        var fromImages = new ConvNetTrainer(ml, Samples.ImageNetwork(), image).Fit(data);
        var fromVectors = new ConvNetTrainer(ml, Samples.ImageNetwork(), vector).Fit(data);

        foreach (var (a, b) in Pipelines.Scores(fromImages.Transform(data)).Zip(Pipelines.Scores(fromVectors.Transform(data))))
            Assert.All(a.Zip(b), s => Assert.Equal(s.First, s.Second, 1e-5f));
    }

    [Fact]
    public void A_vector_that_fits_both_orders_is_taken_as_channels_first()
    {
        // 2×2×2 is C×H×W and H×W×C at once.
        var ml = new MLContext(seed: 1);
        var rows = Enumerable.Range(0, 8).Select(i => new Cube { Features = [0, 1, 2, 3, 4, 5, 6, 7], Label = $"{i}" }).ToArray();
        var scores = Pipelines.Scores(Passing(ml, Network.Input(2, 2, 2).Flatten(), rows))[0];

        Assert.All(Enumerable.Range(1, 7), i => Assert.Equal(1, Math.Log(scores[i] / scores[i - 1]), 1e-4));
    }

    [Fact]
    public void An_interleaved_vector_is_separated()
    {
        var ml = new MLContext(seed: 1);
        var rows = Enumerable.Range(0, 6).Select(i => new Interleaved { Features = [0, 3, 1, 4, 2, 5], Label = $"{i}" }).ToArray();
        var scores = Pipelines.Scores(Passing(ml, Network.Input(2, 1, 3).Flatten(), rows))[0];

        Assert.All(Enumerable.Range(1, 5), i => Assert.Equal(1, Math.Log(scores[i] / scores[i - 1]), 1e-4));
    }

    [Fact]
    public void A_flat_vector_is_taken_as_it_is()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Vectors(30);
        var flat = ml.Data.LoadFromEnumerable(rows.Select(r => new Flat { Features = r.Features, Label = r.Label! }));
        var transformer = Pipelines.Train(ml);

        Assert.Equal(Pipelines.Scores(transformer.Transform(ml.Data.LoadFromEnumerable(rows))), Pipelines.Scores(transformer.Transform(flat)));
    }

    [Fact]
    public void Sparse_vectors_score_as_dense_ones()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var sparse = new Sparse { Features = new VBuffer<float>(36, 2, [0.5f, 0.25f], [3, 20]) };
        var dense = new Sparse { Features = new VBuffer<float>(36, [.. sparse.Features.DenseValues()]) };

        var scores = Pipelines.Scores(transformer.Transform(ml.Data.LoadFromEnumerable(new[] { sparse, dense, sparse })));

        Assert.Equal(scores[1], scores[0]);
        Assert.Equal(scores[1], scores[2]);
    }

    [Fact]
    public void Images_in_memory_stay_usable()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Images(70);
        var data = Data(ml, rows);
        var transformer = TrainOnImages(ml, data, channels: 3);
        var scores = Pipelines.Scores(transformer.Transform(data));
        using (var engine = ml.Model.CreatePredictionEngine<ImageRow, Scored>(transformer))
            Assert.All(scores[5].Zip(engine.Predict(rows[5]).Score), s => Assert.Equal(s.First, s.Second, 1e-5f));

        Assert.All(rows, r => Assert.Equal(4 * Samples.ImageSize * Samples.ImageSize, r.Image!.Pixels.Length));
        Assert.Equal(scores, Pipelines.Scores(transformer.Transform(data)));
    }

    [Fact]
    public void Images_pass_through_scoring()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Images(70);
        var data = Data(ml, rows);
        var transformer = TrainOnImages(ml, data, channels: 3);
        var expected = Pipelines.Scores(transformer.Transform(data));

        var scored = ml.Data.CreateEnumerable<ScoredImage>(transformer.Transform(data), reuseRowObject: false).ToArray();

        Assert.Equal(70, scored.Length);
        Assert.All(scored.Zip(rows), s => Assert.Equal(s.Second.Image!.Pixels.ToArray(), s.First.Image!.Pixels.ToArray()));
        Assert.All(scored.Zip(expected), s => Assert.All(s.First.Score.Zip(s.Second), p => Assert.Equal(p.First, p.Second, 1e-5f)));
    }

    /// <summary>The scores of a network that has no parameters: their logarithms differ as its outputs do.</summary>
    private static IDataView Passing<TRow>(MLContext ml, Network network, TRow[] rows)
        where TRow : class
    {
        var data = Pipelines.WithKeys(ml, ml.Data.LoadFromEnumerable(rows));
        var options = Pipelines.Quick(epochs: 1);
        options.FeatureColumnName = rows is Strip[]? "Image" : "Features";
        return new ConvNetTrainer(ml, network, options).Fit(data).Transform(data);
    }

    private static IDataView Data(MLContext ml, ImageRow[] rows) => Pipelines.WithKeys(ml, ml.Data.LoadFromEnumerable(rows));

    private static ConvNetTransformer TrainOnImages(MLContext ml, IDataView data, int channels)
    {
        var options = Pipelines.Quick(epochs: 1);
        options.FeatureColumnName = "Image";
        return new ConvNetTrainer(ml, Samples.ImageNetwork(channels), options).Fit(data);
    }

    private sealed class Strip
    {
        [ImageType(1, 3)]
        public MLImage? Image { get; set; }

        public string Label { get; set; } = "";
    }

    private sealed class Cube
    {
        [VectorType(2, 2, 2)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class Interleaved
    {
        [VectorType(1, 3, 2)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class Flat
    {
        [VectorType(36)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class Sparse
    {
        [VectorType(36)]
        public VBuffer<float> Features { get; set; }
    }

    private sealed class Scored
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class ScoredImage
    {
        [ImageType(Samples.ImageSize, Samples.ImageSize)]
        public MLImage? Image { get; set; }

        public float[] Score { get; set; } = [];
    }
}

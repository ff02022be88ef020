using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Graph;

public class RebuildingTests
{
    private static readonly ReferenceBackend _backend = new();

    [Fact]
    public void A_classifier_slides_over_a_larger_image_as_over_its_crops()
    {
        // Without padding a crop's scores depend on nothing outside of it; the pooling makes the windows move by two.
        Network network = Network.Input(2, 9, 8)
            .Conv(5, 3).BatchNorm().Relu().MaxPool(2).Conv(6, (2, 1)).Tanh()
            .Dense(7).BatchNorm().Relu().Dropout(0.5f).Dense(4);
        network.Initialize(3);
        var sliding = network.ToFullyConvolutional(13, 14);
        Assert.Equal(new Shape(4, 3, 4), sliding.Output.Shape);
        Assert.Equal(network.ParameterCount, sliding.ParameterCount);

        var image = Random(2 * 13 * 14);
        var scores = Predict(sliding, image);
        for (var y = 0; y < 3; y++)
        {
            for (var x = 0; x < 4; x++)
            {
                var crop = Predict(network, Crop(image, (13, 14), (2 * y, 2 * x), (9, 8)));
                for (var c = 0; c < 4; c++)
                    Assert.Equal(crop[c], scores[(c * 12) + (y * 4) + x], 1e-5f);
            }
        }
    }

    [Fact]
    public void The_scores_of_all_places_can_be_averaged()
    {
        Network network = Network.Input(1, 6, 6).Conv(3, 3).Relu().Dense(2);
        network.Initialize(1);
        var (image, sliding) = (Random(8 * 9), network.ToFullyConvolutional(8, 9));
        var scores = Predict(sliding, image);
        var averaged = network.ToFullyConvolutional(8, 9, average: true);
        Assert.Equal(network.Output.Shape, averaged.Output.Shape);
        var mean = Predict(averaged, image);
        Assert.Equal(scores[..12].Average(), mean[0], 1e-5f);
        Assert.Equal(scores[12..].Average(), mean[1], 1e-5f);
    }

    [Fact]
    public void A_network_without_fixed_sizes_takes_other_sizes_and_keeps_its_values()
    {
        Network network = Network.Input(3, 16, 16).Conv(4, 3, padding: 1).BatchNorm().Relu().MaxPool(2).Residual(8, 2).GlobalAveragePool().Dense(5);
        network.Initialize(7);
        var larger = network.WithInput([3, 24, 20]);
        Assert.Equal([3, 24, 20], larger.Inputs[0].Shape);
        foreach (var variable in network.Layout.Variables)
            Assert.Equal(network.Values(variable.Node.Name), larger.Values(variable.Node.Name));
        Assert.Equal(5, Predict(larger, Random(3 * 24 * 20)).Length);
    }

    [Theory]
    [InlineData(24, 20)]
    [InlineData(14, 15)]
    public void Upsampling_and_pooling_follow_the_size(int height, int width)
    {
        Network network = Build(15, 15);
        network.Initialize(7);
        var larger = network.WithInput([3, height, width]);
        Network expected = Build(height, width);
        Assert.Equal(expected.Nodes.Select(n => (n.Name, n.Shape)), larger.Nodes.Select(n => (n.Name, n.Shape)));
        Assert.Equal(3, Predict(larger, Random(3 * height * width)).Length);

        static Node Build(int height, int width)
        {
            var x = Network.Input(3, height, width).Conv(3, 3, padding: 1);
            var pooled = x.MaxPool(2);
            return pooled.MaxUnpool(pooled).Upsample(2, ResizeMode.Linear).BedOfNails(2).AdaptiveAveragePool((5, 4)).Upsample(3).Resize((7, 9)).GlobalMaxPool() + x.GlobalMaxPool();
        }
    }

    [Fact]
    public void One_predictor_serves_all_sizes()
    {
        Network network = Network.Input(1, 8, 8).Conv(2, 3, padding: 1).Relu().Conv(3, 1);
        network.Initialize(2);
        using var predictor = new AnySizePredictor(network, _backend);
        foreach (var shape in new Shape[] { [1, 8, 8], [1, 5, 11], [1, 20, 3], [1, 5, 11] })
        {
            var image = Random(shape.Length);
            var output = new float[predictor.OutputShape(shape).Length];
            predictor.Predict(image, shape, output);
            Assert.Equal(Predict(network.WithInput(shape), image), output);
        }
    }

    [Fact]
    public void Sizes_that_a_layer_cannot_work_on_are_refused()
    {
        Network network = Network.Input(1, 8, 8).Conv(2, 3).Dense(3);
        network.Initialize(0);
        Assert.Contains("flatten1", Assert.Throws<ShapeException>(() => network.WithInput([1, 9, 9])).Message, StringComparison.Ordinal);
        Assert.Contains("3×8×8", Assert.Throws<ShapeException>(() => network.WithInput([3, 8, 8])).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => network.ToFullyConvolutional(5, 5));
    }

    private static float[] Predict(Network network, float[] image)
    {
        using var predictor = new Predictor(network, _backend, 1);
        var output = new float[predictor.OutputShape.Length];
        predictor.Predict(image, output);
        return output;
    }

    private static float[] Crop(float[] image, Size size, Size start, Size crop)
        => [.. from c in Enumerable.Range(0, image.Length / (size.Height * size.Width))
               from y in Enumerable.Range(start.Height, crop.Height)
               from x in Enumerable.Range(start.Width, crop.Width)
               select image[(((c * size.Height) + y) * size.Width) + x]];

    private static float[] Random(int length) => [.. Enumerable.Range(0, length).Select(i => (float)CounterRandom.Normal(5, (uint)i))];
}

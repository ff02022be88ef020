using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests.Data;

public class PixelBatchesTests
{
    [Fact]
    public void Images_train_as_bytes_as_they_do_as_floats() => PixelTraining.Check(new ReferenceBackend());

    [Fact]
    public void Bytes_come_back_as_they_are_and_as_numbers_up_to_one()
    {
        var source = new PixelBatches([0, 51, 255, 1, 2, 3], [3], [7, 8]);
        var (pixels, target) = (new byte[3], new float[1]);
        source.ReadPixels(1, pixels, target);
        Assert.Equal([1, 2, 3], pixels);
        Assert.Equal([8], target);

        var (inputs, targets) = (new float[6], new float[2]);
        source.Read([1, 0], inputs, targets);
        Assert.Equal([1 * (1f / 255), 2 * (1f / 255), 3 * (1f / 255), 0, 51 * (1f / 255), 1], inputs);
        Assert.Equal([8, 7], targets);
    }

    [Fact]
    public void An_evaluator_takes_bytes_and_floats_in_turn()
    {
        Network network = Network.Input(3, 5, 5).Dense(3);
        network.Initialize(1);
        using var evaluator = new Evaluator(network, Loss.SoftmaxCrossEntropy, new ReferenceBackend(), batchSize: 16);
        var images = PixelTraining.Images();
        var expected = evaluator.Evaluate(PixelTraining.Floats(images), network.Weights);
        Assert.Equal(expected, evaluator.Evaluate(images, network.Weights));
        Assert.Equal(expected, evaluator.Evaluate(PixelTraining.Floats(images), network.Weights));
    }

    [Fact]
    public void A_subset_has_bytes_where_its_source_has()
    {
        var (pixels, target) = (new byte[1], new float[1]);
        var subset = new Subset(new Subset(new PixelBatches([10, 11, 12, 13], [1], [0, 1, 2, 3]), [3, 1, 0]), [2, 0]);
        Assert.True(subset.HasPixels);
        subset.ReadPixels(1, pixels, target);
        Assert.Equal(13, pixels[0]);
        Assert.Equal(3, target[0]);
        Assert.False(new Subset(new ArrayBatches([1], [1], [0]), [0]).HasPixels);
    }

    [Fact]
    public void Arrays_of_different_numbers_of_samples_are_refused()
        => Assert.Throws<ArgumentException>(() => new PixelBatches([1, 2, 3, 4], [2], [0, 1, 2]));
}

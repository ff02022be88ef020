using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests.Training;

public class PredictorTests
{
    [Fact]
    public void Probabilities_add_up_to_1()
    {
        using var predictor = new Predictor(Trained(), new ReferenceBackend(), maxBatch: 8, Loss.SoftmaxCrossEntropy);
        Assert.Equal([2], predictor.OutputShape);
        var outputs = new float[16];
        predictor.Predict(Images(8), outputs);
        Assert.All(outputs.Chunk(2), p => Assert.Equal(1, p.Sum(), 1e-6f));
        Assert.All(outputs, p => Assert.InRange(p, 0, 1));
    }

    [Fact]
    public void Without_a_loss_the_output_is_as_it_is()
    {
        using var predictor = new Predictor(Trained(), new ReferenceBackend());
        var outputs = new float[2];
        predictor.Predict(Images(1), outputs);
        Assert.NotEqual(1, outputs.Sum(), 1e-3f);
    }

    [Fact]
    public void Bytes_give_what_the_same_images_give_as_floats()
    {
        Network network = Network.Input(3, 5, 5).Conv(4, 3).Relu().Dense(3);
        network.Initialize(1);
        using var ofFloats = new Predictor(network, new ReferenceBackend(), maxBatch: 8, Loss.SoftmaxCrossEntropy);
        using var ofPixels = new Predictor(network, new ReferenceBackend(), maxBatch: 8, Loss.SoftmaxCrossEntropy, ofPixels: true, new Lock());

        // 75 bytes lie in 19 floats.
        var (floats, packed, target) = (new float[8 * 75], new float[8 * 19], new float[8]);
        var images = PixelTraining.Images();
        images.Read([0, 1, 2, 3, 4, 5, 6, 7], floats, target);
        for (var i = 0; i < 8; i++)
            images.ReadPixels(i, MemoryMarshal.AsBytes(packed.AsSpan(i * 19, 19))[..75], target);
        var (expected, actual) = (new float[24], new float[24]);
        ofFloats.Predict(floats, expected);
        ofPixels.Predict(packed, actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_batch_gives_what_its_samples_give_one_by_one()
    {
        using var predictor = new Predictor(Trained(), new ReferenceBackend(), maxBatch: 8);
        var (images, together, alone) = (Images(8), new float[16], new float[16]);
        predictor.Predict(images, together);
        for (var i = 0; i < 8; i++)
            predictor.Predict(images.AsSpan(i * 64, 64), alone.AsSpan(i * 2, 2));
        Assert.Equal(together, alone);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9 * 64, 18)]
    [InlineData(63, 2)]
    [InlineData(64, 1)]
    [InlineData(64, 4)]
    [InlineData(100, 2)]
    public void Lengths_that_do_not_fit_are_refused(int inputs, int outputs)
    {
        using var predictor = new Predictor(Trained(), new ReferenceBackend(), maxBatch: 8);
        var error = Assert.Throws<ArgumentException>(() => predictor.Predict(new float[inputs], new float[outputs]));
        Assert.Equal($"The network takes 1 to 8 inputs of 64 numbers and gives 2 for each; received {inputs} numbers and room for {outputs}.", error.Message);
    }

    [Fact]
    public void Many_threads_get_the_results_of_one()
    {
        using var predictor = new Predictor(Trained(), new ReferenceBackend(), maxBatch: 8);
        var images = Images(64);
        var expected = new float[64][];
        for (var i = 0; i < expected.Length; i++)
            predictor.Predict(images.AsSpan(i * 64, 64), expected[i] = new float[2]);

        var wrong = 0;
        using var barrier = new Barrier(4);
        var threads = Enumerable.Range(0, barrier.ParticipantCount).Select(t => new Thread(() =>
        {
            barrier.SignalAndWait();
            for (var i = 0; i < 500; i++)
            {
                var (image, output) = ((i + (16 * t)) % 64, new float[2]);
                predictor.Predict(images.AsSpan(image * 64, 64), output);
                if (!output.SequenceEqual(expected[image]))
                    Interlocked.Increment(ref wrong);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void A_network_without_values_is_refused()
        => Assert.Throws<InvalidOperationException>(() => new Predictor(Bars.Network(), new ReferenceBackend()));

    [Fact]
    public void Later_changes_of_the_network_do_not_reach_a_predictor()
    {
        var network = Trained();
        using var predictor = new Predictor(network, new ReferenceBackend());
        var (before, after) = (new float[2], new float[2]);
        predictor.Predict(Images(1), before);
        network.Values("dense1.bias").Fill(100);
        predictor.Predict(Images(1), after);
        Assert.Equal(before, after);
    }

    private static Network Trained()
    {
        Network network = Bars.Network();
        network.Initialize(4);
        return network;
    }

    private static float[] Images(int count)
    {
        var images = new float[count * 64];
        Bars.Make(count).Read([.. Enumerable.Range(0, count)], images, new float[count]);
        return images;
    }
}

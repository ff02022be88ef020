using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Inputs travel to the device while a run goes on, and arrive after it.</summary>
public class UploadTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(20_000)]
    public void The_next_input_leaves_a_run_alone(int length)
    {
        // Its output lies beside its input.
        Network network = Network.Input([1, length]).MaxPool1D(2);
        network.Initialize(0);
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, TestBackend.Shared, 2);
        plan.Write(network.Inputs[0], Values(2 * length, seed: 1));
        plan.Run(2);
        for (var seed = 2; seed < 5; seed++)
        {
            // Neither its departure nor its arrival touches what was started before.
            var arrive = plan.BeginWrite(network.Inputs[0], Values(2 * length, seed));
            AssertRead(seed - 1);
            arrive();
            plan.Run(2);
            plan.BeginWrite(network.Inputs[0], Values(length, seed: 9))();
            AssertRead(seed);
        }

        void AssertRead(int seed)
        {
            var y = new float[length];
            plan.Read(0, y);
            Assert.Equal([.. Values(2 * length, seed).Chunk(2).Select(x => x.Max())], y);
        }
    }

    [Fact]
    public void Many_inputs_may_be_on_their_way_to_runs_that_nobody_waits_for()
    {
        const int length = 20_000, runs = 40;
        Network network = Network.Input([1, length]).MaxPool1D(2);
        network.Initialize(0);
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, TestBackend.Shared, 1);
        using var kept = TestBackend.Shared.Allocate(runs);
        for (var run = 0; run < runs; run++)
        {
            plan.BeginWrite(network.Inputs[0], Values(length, run))();
            plan.Run(1);
            plan.Copy(0, 1, kept, run);
        }

        var first = new float[runs];
        kept.Read(0, first);
        Assert.Equal([.. Enumerable.Range(0, runs).Select(run => Values(2, run).Max())], first);
    }

    [Fact]
    public void A_trainer_sends_samples_ahead()
    {
        var (images, classes) = (Values(20 * 3 * 32 * 32, seed: 3), Enumerable.Range(0, 20).Select(i => (float)(i % 3)).ToArray());
        var options = new TrainerOptions { Epochs = 2, BatchSize = 8, Seed = 5, LearningRate = 0.05f, Optimizer = Optimizer.Sgd() };
        var expected = new Trainer(new ReferenceBackend(), options).Fit(NewNetwork(), new ArrayBatches(images, [3, 32, 32], classes));
        var actual = new Trainer(TestBackend.Shared, options).Fit(NewNetwork(), new ArrayBatches(images, [3, 32, 32], classes));
        Close.Assert<float, float>(expected.Network.Weights, actual.Network.Weights, 1e-4, "weights");
    }

    private static Node NewNetwork() => Network.Input(3, 32, 32).Conv(4, 5, stride: 4).Tanh().Dense(3);

    private static float[] Values(int length, int seed) => [.. Enumerable.Range(0, length).Select(i => (float)CounterRandom.Normal((ulong)seed, (uint)i))];
}

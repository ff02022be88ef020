using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Whole networks on the GPU backend.</summary>
public class TrainingTests
{
    private const int Steps = 20, Samples = 8, Classes = 4;

    [Fact]
    public void A_small_ResNet_trains_as_on_the_CPU()
    {
        using var cpu = new CpuBackend(threads: 1);
        var (expected, expectedWeights) = Train(cpu);
        var (actual, actualWeights) = Train(TestBackend.Shared);
        Close.Assert<float, float>(expected, actual, 1e-3, "loss");
        Close.Assert<float, float>(expectedWeights, actualWeights, 1e-3, "weights");
        Assert.True(actual[^1] < actual[0], $"The loss went from {actual[0]} to {actual[^1]}.");
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_twice_in_a_row() => Assert.Equal(Train(TestBackend.Shared), Train(TestBackend.Shared), (a, b) => a.Losses.SequenceEqual(b.Losses) && a.Weights.SequenceEqual(b.Weights));

    [Fact]
    public void Every_step_of_training_a_ResNet_has_a_kernel()
    {
        using var plan = PlanOf(TestBackend.Shared).Plan;
        Assert.Equal([], plan.Steps.Where(s => s.Kernel == "reference").Select(s => s.Op.Name).Distinct());
    }

    [Fact]
    public void Trainer_and_predictor_run_on_it()
    {
        var options = new TrainerOptions { Epochs = 2, BatchSize = 24, Seed = 5 };
        var result = new Trainer(TestBackend.Shared, options).Fit(Bars.Network(), Bars.Make(64));
        Assert.All(result.History, e => Assert.True(float.IsFinite((float)e.Training.Loss)));
    }

    [Fact]
    public void Images_train_as_bytes_as_they_do_as_floats() => PixelTraining.Check(TestBackend.Shared);

    [Fact]
    public void Parts_train_like_whole_batches() => GradientAccumulation.Check(TestBackend.Shared, 1e-4);

    [Fact]
    public void A_fused_network_predicts_as_on_the_reference_backend()
    {
        var network = NewNetwork();
        using var gpu = new Predictor(network, TestBackend.Shared);
        using var reference = new Predictor(network, new ReferenceBackend());
        float[] x = Normal((int)network.Inputs[0].Type.Length(Samples)), expected = new float[Samples * Classes], actual = new float[Samples * Classes];
        reference.Predict(x, expected);
        gpu.Predict(x, actual);
        Close.Assert<float, float>(expected, actual, 1e-4, "predictions");
    }

    private static (float[] Losses, float[] Weights) Train(IBackend backend)
    {
        var (network, target, plan) = PlanOf(backend);
        using var ofNetwork = plan;
        plan.WriteVariables(network.Weights);
        var losses = new float[Steps];
        for (var step = 0; step < Steps; step++)
        {
            plan.Write(network.Inputs[0], Normal((int)network.Inputs[0].Type.Length(Samples)));
            plan.Write(target, [.. Enumerable.Range(0, Samples).Select(i => (float)(i % Classes))]);
            plan.Run(Samples, new RunState(1, step, 0.02f));
            plan.Read(0, losses.AsSpan(step, 1));
        }

        var weights = new float[network.Layout.Length];
        plan.ReadVariables(weights);
        return (losses, weights);
    }

    private static (Network Network, Node Target, Plan Plan) PlanOf(IBackend backend)
    {
        var network = NewNetwork();
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        var computation = Computation.Training(Loss.SoftmaxCrossEntropy.Mean(network.Output, target), Optimizer.Sgd(0.9f));
        return (network, target, Plan.Compile(computation, network.Layout, backend, Samples));
    }

    private static Network NewNetwork()
    {
        Network network = Network.Input(3, 12, 12).Conv(8, 3, padding: 1, bias: false).BatchNorm().Relu().MaxPool(2)
            .Residual(8).Residual(16, stride: 2).GlobalAveragePool().Dropout(0.1f).Dense(Classes);
        network.Initialize(seed: 2);
        return network;
    }

    private static float[] Normal(int length) => [.. Enumerable.Range(0, length).Select(i => (float)CounterRandom.Normal(3, (uint)i))];
}

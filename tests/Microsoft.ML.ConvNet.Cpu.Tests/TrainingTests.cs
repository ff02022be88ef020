using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>Whole networks on the CPU backend.</summary>
public class TrainingTests
{
    private static readonly TrainerOptions _options = new() { Epochs = 2, BatchSize = 24, Seed = 5, ValidationFraction = 0.1f };

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void The_same_seed_gives_the_same_bits_on_any_number_of_threads(int threads)
        => Assert.Equal(Train(threads: 1), Train(threads));

    [Fact]
    public void The_same_seed_gives_the_same_bits_twice_in_a_row() => Assert.Equal(Train(threads: 2), Train(threads: 2));

    [Fact]
    public void Training_follows_the_reference_backend()
    {
        var samples = Bars.Make(96);
        using var backend = new CpuBackend(threads: 2);
        var options = _options with { Epochs = 3, Optimizer = Optimizer.Sgd(), LearningRate = 0.01f };
        var expected = new Trainer(new ReferenceBackend(), options).Fit(Everything(), samples);
        var actual = new Trainer(backend, options).Fit(Everything(), samples);
        foreach (var (e, a) in expected.History.Zip(actual.History))
        {
            Assert.Equal(e.Training.Loss, a.Training.Loss, 1e-4 * e.Training.Loss);
            Assert.Equal(e.Validation!.Loss, a.Validation!.Loss, 1e-4 * e.Validation.Loss);
        }
    }

    [Fact]
    public void Parts_train_like_whole_batches()
    {
        using var backend = new CpuBackend(threads: 2);
        GradientAccumulation.Check(backend, 1e-4);
    }

    [Fact]
    public void A_network_learns()
    {
        using var backend = new CpuBackend();
        var result = new Trainer(backend, _options with { Epochs = 12, LearningRate = 3e-3f }).Fit(Everything(), Bars.Make(600));
        Assert.True(result.History.Max(e => e.Validation!.Accuracy) > 0.95, $"accuracy {result.History.Max(e => e.Validation!.Accuracy)}");
    }

    [Fact]
    public void Every_step_of_a_training_plan_has_a_kernel()
    {
        using var backend = new CpuBackend(threads: 1);
        Network network = Everything();
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        var computation = Computation.Training(Loss.SoftmaxCrossEntropy.Mean(network.Output, target), Optimizer.Adam());
        using var plan = Plan.Compile(computation, network.Layout, backend, maxBatch: 4);
        Assert.DoesNotContain(plan.Steps, s => s.Kernel == "reference");
    }

    private static float[] Train(int threads)
    {
        using var backend = new CpuBackend(threads);
        return new Trainer(backend, _options).Fit(Everything(), Bars.Make(200)).Network.Weights!;
    }

    /// <summary>A network with every layer.</summary>
    private static Node Everything()
    {
        var x = Network.Input(1, Bars.Size, Bars.Size).Conv(12, 3, padding: 1, bias: false).BatchNorm().LeakyRelu();
        var left = x.Conv(6, 1).Tanh();
        var right = x.Conv(12, 3, padding: 2, dilation: 2, groups: 12).SeparableConv(6, 3, padding: Padding.Same, paddingMode: PaddingMode.Reflect).Sigmoid();
        var pooled = left.Concat(right).Residual(12).MaxPool(2);
        var unshared = pooled.ConvTranspose(6, 3, stride: 2, padding: Padding.Same).TiledConv(6, 3, tiles: 2, padding: 1, paddingMode: PaddingMode.Circular)
            .LocallyConnected(12, 2, stride: 2).Tanh();
        var sequence = pooled.Reshape([12, 16]).Conv1D(4, 3, padding: Padding.Causal, dilation: 2).ConvTranspose1D(12, 3, padding: 1);
        var volume = sequence.Reshape([12, 4, 2, 2]).Conv3D(6, 3, padding: 1).ConvTranspose3D(12, 3, padding: 1).Reshape([12, 4, 4]).Tanh();
        var joined = pooled + unshared + volume;
        var gate = joined.GlobalAveragePool().Dense(12).Sigmoid().Reshape([12, 1, 1]);
        return (joined * gate).AveragePool(2, stride: 1).Dropout(0.2f).Dense(16).BatchNorm().Relu().Dense(2);
    }
}

using System.Globalization;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests.Training;

public sealed class CheckpointTests : IDisposable
{
    private static readonly TrainerOptions _options = new()
    {
        Epochs = 4,
        BatchSize = 8,
        LearningRate = 0.01f,
        Seed = 3,
        ValidationFraction = 0.2f,
        Schedule = Schedule.Cosine(warmupEpochs: 1),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("convnet-").FullName;

    private string CheckpointPath => Path.Combine(_folder, "deep", "training.checkpoint");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 5)]
    [InlineData(3, 2)]
    public void An_interrupted_training_goes_on_as_if_it_had_never_stopped(int epoch, int batch)
    {
        foreach (var optimizer in new[] { Optimizer.Adam(), Optimizer.Sgd() })
        {
            var options = _options with { Optimizer = optimizer };
            var path = CheckpointPath + optimizer.Name;
            var expected = Fit(options);
            var interrupted = Interrupt(options with { CheckpointPath = path }, epoch, batch);
            Assert.Equal(StopReason.Cancelled, interrupted.StopReason);
            Assert.Equal(batch == 5 ? epoch : epoch - 1, interrupted.History.Count);
            var resumed = Fit(options with { CheckpointPath = path });
            Assert.Equal(expected.Network.Weights, resumed.Network.Weights);
            Assert.Equal(expected.History, resumed.History);
            Assert.Equal(expected.BestEpoch, resumed.BestEpoch);
        }
    }

    [Fact]
    public void Last_values_are_the_same_too()
    {
        var options = _options with { KeepBest = false };
        Interrupt(options with { CheckpointPath = CheckpointPath }, 2, 3);
        Assert.Equal(Fit(options).Network.Weights, Fit(options with { CheckpointPath = CheckpointPath }).Network.Weights);
    }

    [Fact]
    public void The_best_values_may_be_asked_for_later()
    {
        var options = _options with { LearningRate = 0.3f };
        var best = Fit(options);
        Assert.NotEqual(options.Epochs, best.BestEpoch);
        Fit(options with { KeepBest = false, CheckpointPath = CheckpointPath });
        Assert.Equal(best.Network.Weights, Fit(options with { CheckpointPath = CheckpointPath }).Network.Weights);
    }

    [Fact]
    public void A_finished_training_gives_its_result_again()
    {
        var options = _options with { CheckpointPath = CheckpointPath };
        var (first, again) = (Fit(options), Fit(options));
        Assert.Equal(first.Network.Weights, again.Network.Weights);
        Assert.Equal(first.History, again.History);
        Assert.Equal((first.BestEpoch, first.StopReason), (again.BestEpoch, again.StopReason));
    }

    [Fact]
    public void A_training_that_stopped_early_gives_its_result_again()
    {
        var options = _options with { CheckpointPath = CheckpointPath, EarlyStopping = new EarlyStopping(1, MinimumImprovement: 10) };
        var (first, again) = (Fit(options), Fit(options));
        Assert.Equal(2, first.History.Count);
        Assert.Equal(first.Network.Weights, again.Network.Weights);
        Assert.Equal(first.History, again.History);
        Assert.Equal((first.BestEpoch, first.StopReason), (again.BestEpoch, again.StopReason));
    }

    [Fact]
    public void More_epochs_may_be_asked_for_later()
    {
        var options = _options with { Schedule = Schedule.Constant };
        Fit(options with { Epochs = 2, CheckpointPath = CheckpointPath });
        Assert.Equal(Fit(options).Network.Weights, Fit(options with { CheckpointPath = CheckpointPath }).Network.Weights);
    }

    [Fact]
    public void Regression_without_validation_is_taken_up_too()
    {
        var options = _options with { Loss = Loss.MeanSquaredError, ValidationFraction = 0, Epochs = 3 };
        var samples = new ArrayBatches([.. Enumerable.Range(0, 40).Select(i => i / 40f)], [2], [.. Enumerable.Range(0, 20).Select(i => i / 20f)]);
        Node network = Network.Input([2]).Dense(1);
        var expected = new Trainer(new ReferenceBackend(), options).Fit(network, samples);
        new Trainer(new ReferenceBackend(), options with { Epochs = 1, CheckpointPath = CheckpointPath }).Fit(network, samples);
        var resumed = new Trainer(new ReferenceBackend(), options with { CheckpointPath = CheckpointPath }).Fit(network, samples);
        Assert.Equal(expected.Network.Weights, resumed.Network.Weights);
        Assert.Equal(expected.History, resumed.History);
    }

    [Fact]
    public void A_training_is_taken_up_under_another_culture()
    {
        var culture = CultureInfo.CurrentCulture;
        var options = _options with { Epochs = 1, CheckpointPath = CheckpointPath, Optimizer = Optimizer.Sgd(0.5f) };
        var expected = Fit(options);
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(expected.Network.Weights, Fit(options).Network.Weights);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Only_the_checkpoint_is_left_in_the_folder()
    {
        Fit(_options with { Epochs = 2, CheckpointPath = CheckpointPath });
        Assert.Equal([CheckpointPath], Directory.GetFileSystemEntries(Path.GetDirectoryName(CheckpointPath)!));
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused()
    {
        var options = _options with { Epochs = 1, CheckpointPath = CheckpointPath };
        Fit(options);
        var bytes = File.ReadAllBytes(CheckpointPath);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(CheckpointPath, bytes);
        Assert.Contains("its checksum is wrong", Refused(options, Bars.Network()).Message, StringComparison.Ordinal);
        File.WriteAllBytes(CheckpointPath, bytes[..1000]);
        Assert.Contains("is truncated", Refused(options, Bars.Network()).Message, StringComparison.Ordinal);
        File.WriteAllText(CheckpointPath, "not a checkpoint, but some text of mine");
        Assert.Contains("is not a ConvNet model", Refused(options, Bars.Network()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_is_no_checkpoint_and_a_checkpoint_no_model()
    {
        var options = _options with { Epochs = 1, CheckpointPath = CheckpointPath };
        var network = Fit(options).Network;
        Assert.Throws<ModelFileException>(() => Network.Load(CheckpointPath));
        network.Save(CheckpointPath);
        Refused(options, Bars.Network());
    }

    [Fact]
    public void A_checkpoint_of_another_training_is_refused()
    {
        var options = _options with { Epochs = 1, CheckpointPath = CheckpointPath };
        Fit(options);
        foreach (var other in new[]
        {
            options with { Seed = 4 }, options with { BatchSize = 9 }, options with { Optimizer = Optimizer.Sgd() },
            options with { Optimizer = Optimizer.Adam(beta1: 0.8f) },
        })
            Assert.Contains("is of another network or of a training with another seed", Refused(other, Bars.Network()).Message, StringComparison.Ordinal);
        Refused(options, Network.Input(1, 8, 8).Dense(2));
        Refused(options, Network.Input(1, 8, 8).Conv(6, 5).BatchNorm().Relu().MaxPool(2).Dropout(0.2f).Dense(2));
        Refused(options, Network.Input(1, 8, 8).Conv(6, 5).BatchNorm(epsilon: 1e-3f).Relu().MaxPool(2).Dropout(0.1f).Dense(2));
    }

    private static ModelFileException Refused(TrainerOptions options, Node network)
        => Assert.Throws<ModelFileException>(() => new Trainer(new ReferenceBackend(), options).Fit(network, Bars.Make(50)));

    // 50 samples are 40 to train on in 5 batches, and 10 for validation.
    private static TrainingResult Fit(TrainerOptions options, CancellationToken cancellation = default)
        => new Trainer(new ReferenceBackend(), options).Fit(Bars.Network(), Bars.Make(50), cancellation: cancellation);

    private static TrainingResult Interrupt(TrainerOptions options, int epoch, int batch)
    {
        using var source = new CancellationTokenSource();
        return Fit(options with { Progress = new Reporter(Report) }, source.Token);

        void Report(TrainingProgress progress)
        {
            if (progress.Epoch == epoch && progress.Batch == batch)
                source.Cancel();
        }
    }
}

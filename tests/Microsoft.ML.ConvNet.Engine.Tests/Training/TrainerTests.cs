using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Training;

public class TrainerTests
{
    private static readonly TrainerOptions _options = new() { Epochs = 2, BatchSize = 16, LearningRate = 0.01f, Seed = 1 };

    [Fact]
    public void A_network_learns_to_tell_horizontal_bars_from_vertical_ones()
    {
        var result = Fit(_options with { Epochs = 10 }, Bars.Make(300));
        var evaluation = Evaluate(result.Network, Bars.Make(200, seed: 2));
        Assert.InRange(evaluation.Accuracy, 0.95, 1);
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Equal(Enumerable.Range(1, 10), result.History.Select(e => e.Epoch));
        Assert.True(result.History[^1].Training.Loss < result.History[0].Training.Loss / 2);
        Assert.All(result.History, e => Assert.Null(e.Validation));
    }

    [Fact]
    public void A_network_learns_numbers_by_their_squared_error()
    {
        // y = 2·x₀ − x₁ + 0.5
        var x = Enumerable.Range(0, 128).Select(i => (float)CounterRandom.Normal(1, (uint)i)).ToArray();
        var y = Enumerable.Range(0, 64).Select(i => (2 * x[2 * i]) - x[(2 * i) + 1] + 0.5f).ToArray();
        var options = _options with { Epochs = 40, LearningRate = 0.05f, Optimizer = Optimizer.Sgd(), Loss = Loss.MeanSquaredError };
        var result = new Trainer(new ReferenceBackend(), options).Fit(Network.Input([2]).Dense(1, name: "line"), new ArrayBatches(x, [2], y));
        Close.Assert<float, float>([2, -1], result.Network.Values("line.weight"), 1e-3, "weight");
        Close.Assert<float, float>([0.5f], result.Network.Values("line.bias"), 1e-3, "bias");
        Assert.True(double.IsNaN(result.History[^1].Training.Accuracy));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_one_others()
    {
        var weights = Fit(_options, Bars.Make(50)).Network.Weights;
        Assert.Equal(weights, Fit(_options, Bars.Make(50)).Network.Weights);
        Assert.NotEqual(weights, Fit(_options with { Seed = 2 }, Bars.Make(50)).Network.Weights);
    }

    [Fact]
    public void Training_starts_from_the_values_of_the_network_and_leaves_it_alone()
    {
        Network network = Bars.Network();
        network.Initialize(99);
        var before = network.Weights!.ToArray();
        var result = new Trainer(new ReferenceBackend(), _options with { Epochs = 1, LearningRate = 1e-12f }).Fit(network, Bars.Make(20));
        Assert.Equal(before, network.Weights);
        Assert.NotSame(network, result.Network);
        Close.Assert<float, float>(network.Values("dense1.weight"), result.Network.Values("dense1.weight"), 1e-6, "dense1.weight");
    }

    [Fact]
    public void Steps_are_counted_over_all_epochs()
    {
        // After the first epoch the rate is too small to change anything.
        var options = _options with { Epochs = 1, Optimizer = Optimizer.Sgd(momentum: 0), Schedule = Schedule.Step(epochs: 1, factor: 1e-30f) };
        Node network = Network.Input(1, 8, 8).Dense(2);
        var one = new Trainer(new ReferenceBackend(), options).Fit(network, Bars.Make(40));
        var three = new Trainer(new ReferenceBackend(), options with { Epochs = 3 }).Fit(network, Bars.Make(40));
        Assert.Equal(3, three.History.Count);
        Assert.Equal(one.Network.Weights, three.Network.Weights);
    }

    [Fact]
    public void A_fraction_is_set_aside_for_validation()
    {
        var (training, validation) = SplitOf(_options with { ValidationFraction = 0.25f });
        Assert.Equal((30, 10), (training.Length, validation.Length));
        Assert.Equal(Enumerable.Range(0, 40), training.Concat(validation).Order());
        Assert.Equal(validation, SplitOf(_options with { ValidationFraction = 0.25f }).Validation);
        Assert.NotEqual(validation, SplitOf(_options with { ValidationFraction = 0.25f, Seed = 2 }).Validation);
        Assert.Single(SplitOf(_options with { ValidationFraction = 0.001f }).Validation);
    }

    [Fact]
    public void A_fraction_that_leaves_nothing_to_train_on_is_refused()
        => Assert.Contains("1 samples are too few", Assert.Throws<ArgumentException>(() => Fit(_options with { ValidationFraction = 0.2f }, Bars.Make(1))).Message, StringComparison.Ordinal);

    [Fact]
    public void Each_epoch_has_an_order_of_its_own()
    {
        var source = new Recorder(Bars.Make(40));
        Fit(_options, source);
        Assert.Equal(80, source.Samples.Count);
        Assert.Equal(Enumerable.Range(0, 40), source.Samples.Take(40).Order());
        Assert.Equal(Enumerable.Range(0, 40), source.Samples.Skip(40).Order());
        Assert.NotEqual(source.Samples.Take(40), source.Samples.Skip(40));
    }

    [Fact]
    public void Without_shuffling_samples_keep_their_order()
    {
        var source = new Recorder(Bars.Make(40));
        Fit(_options with { Shuffle = false, Epochs = 1 }, source);
        Assert.Equal(Enumerable.Range(0, 40), source.Samples);
    }

    [Fact]
    public void The_last_batch_may_be_smaller_and_counts_by_its_samples()
    {
        var samples = Bars.Make(10);
        var source = new Recorder(samples);
        Network network = Network.Input(1, 8, 8).Dense(2);
        network.Initialize(1);
        var trainer = new Trainer(new ReferenceBackend(), _options with { BatchSize = 4, Epochs = 1, LearningRate = 1e-30f });
        var result = trainer.Fit(network, source);
        Assert.Equal([4, 4, 2], source.Batches);
        var evaluation = Evaluate(network, samples);
        Assert.Equal(evaluation.Loss, result.History[0].Training.Loss, 1e-6);
        Assert.Equal(evaluation.Accuracy, result.History[0].Training.Accuracy, 1e-9);
    }

    [Fact]
    public void A_batch_may_be_larger_than_all_samples()
        => Assert.Single(Fit(_options with { BatchSize = 1000, Epochs = 1 }, Bars.Make(10)).History);

    [Fact]
    public void The_network_ends_with_the_values_of_its_best_epoch()
    {
        var (result, validation) = Jumpy(keepBest: true);
        var best = result.History.MinBy(e => e.Validation!.Loss)!;
        Assert.NotEqual(result.History[^1], best);
        Assert.Equal(best.Epoch, result.BestEpoch);
        Assert.Equal(best.Validation, Evaluate(result.Network, validation));
    }

    [Fact]
    public void The_network_ends_with_its_last_values_on_request()
    {
        var (result, validation) = Jumpy(keepBest: false);
        Assert.Equal(result.History.Count, result.BestEpoch);
        Assert.Equal(result.History[^1].Validation, Evaluate(result.Network, validation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_training_that_no_longer_improves_stops_early(int patience)
    {
        // Nothing improves on the first epoch by 10.
        var result = Fit(_options with { Epochs = 20, EarlyStopping = new EarlyStopping(patience, MinimumImprovement: 10), ValidationFraction = 0.2f }, Bars.Make(20));
        Assert.Equal(1 + patience, result.History.Count);
        Assert.Equal(StopReason.EarlyStopping, result.StopReason);
        Assert.Equal(result.History.MinBy(e => e.Loss)!.Epoch, result.BestEpoch);
    }

    [Fact]
    public void A_training_that_improves_does_not_stop_early()
        => Assert.Equal(StopReason.Completed, Fit(_options with { Epochs = 4, LearningRate = 1e-3f, EarlyStopping = new EarlyStopping(1) }, Bars.Make(100)).StopReason);

    [Fact]
    public void A_cancelled_training_returns_the_best_network_so_far()
    {
        using var source = new CancellationTokenSource();
        var (reports, validation) = (new List<TrainingProgress>(), Bars.Make(32, seed: 3));
        var options = _options with { Epochs = 50, Progress = new Reporter(Report) };
        var result = new Trainer(new ReferenceBackend(), options).Fit(Bars.Network(), Bars.Make(64), validation, source.Token);

        Assert.Equal(StopReason.Cancelled, result.StopReason);
        Assert.Equal([1, 2], result.History.Select(e => e.Epoch));
        Assert.Equal((3, 2), (reports[^1].Epoch, reports[^1].Batch));
        Assert.Equal(result.History.Min(e => e.Validation!.Loss), Evaluate(result.Network, validation).Loss);

        void Report(TrainingProgress progress)
        {
            reports.Add(progress);
            if (progress is { Epoch: 3, Batch: 2 })
                source.Cancel();
        }
    }

    [Fact]
    public void A_cancelled_training_without_validation_returns_the_latest_values()
    {
        using var source = new CancellationTokenSource();
        var options = _options with { Epochs = 50, Progress = new Reporter(_ => source.Cancel()) };
        var result = new Trainer(new ReferenceBackend(), options).Fit(Bars.Network(), Bars.Make(64), cancellation: source.Token);
        Assert.Empty(result.History);
        Assert.Equal((StopReason.Cancelled, 0), (result.StopReason, result.BestEpoch));

        Network start = Bars.Network();
        start.Initialize(_options.Seed);
        Assert.NotEqual(start.Weights, result.Network.Weights);
    }

    [Fact]
    public void A_training_cancelled_before_it_starts_returns_the_first_values()
    {
        var result = new Trainer(new ReferenceBackend(), _options).Fit(Bars.Network(), Bars.Make(20), cancellation: new CancellationToken(canceled: true));
        Network start = Bars.Network();
        start.Initialize(_options.Seed);
        Assert.Equal(start.Weights, result.Network.Weights);
        Assert.Equal((StopReason.Cancelled, 0), (result.StopReason, result.BestEpoch));
    }

    [Fact]
    public void Progress_is_reported_for_each_batch_and_at_the_end_of_each_epoch()
    {
        var reports = new List<TrainingProgress>();
        var result = new Trainer(new ReferenceBackend(), _options with { Progress = new Reporter(reports.Add) }).Fit(Bars.Network(), Bars.Make(40), Bars.Make(10));
        Assert.Equal(
            [(1, 1, false), (1, 2, false), (1, 3, false), (1, 3, true), (2, 1, false), (2, 2, false), (2, 3, false), (2, 3, true)],
            reports.Select(r => (r.Epoch, r.Batch, r.EndOfEpoch)));
        Assert.All(reports, r =>
        {
            Assert.Equal((2, 3), (r.Epochs, r.Batches));
            Assert.True(double.IsFinite(r.Loss) && r.Loss > 0);
            Assert.InRange(r.Accuracy, 0, 1);
            Assert.True(r.SamplesPerSecond > 0 && double.IsFinite(r.SamplesPerSecond));
            Assert.True(r.TimeLeft >= TimeSpan.Zero);
            Assert.Equal(r.EndOfEpoch, r.Validation != null);
        });
        Assert.Equal(TimeSpan.Zero, reports[^1].TimeLeft);
        Assert.True(reports[0].TimeLeft > TimeSpan.Zero);
        foreach (var (epoch, report) in result.History.Zip(reports.Where(r => r.EndOfEpoch)))
            Assert.Equal((epoch.Training, epoch.Validation), (new Evaluation(report.Loss, report.Accuracy), report.Validation));
    }

    [Fact]
    public void Progress_fits_on_a_line()
    {
        var progress = new TrainingProgress(2, 20, 5, 10, 0.12344, 0.97655, 1234.5, new TimeSpan(1, 2, 3), new Evaluation(0.5, 0.25), true);
        Assert.Equal("Epoch 2/20: loss 0.1234, accuracy 0.9766, validation loss 0.5000, validation accuracy 0.2500, 1234 images/s, 01:02:03 left", progress.ToString());
        progress = progress with { Accuracy = double.NaN, Validation = null, SamplesPerSecond = 5, TimeLeft = new TimeSpan(days: 2, 3, 4, 5) };
        Assert.Equal("Epoch 2/20: loss 0.1234, 5 images/s, 51:04:05 left", progress.ToString());
    }

    [Fact]
    public void A_loss_that_is_not_a_number_ends_the_training_with_advice()
    {
        var options = _options with { LearningRate = 1e30f, Optimizer = Optimizer.Sgd() };
        var error = Assert.Throws<DivergedException>(() => new Trainer(new ReferenceBackend(), options).Fit(Network.Input(1, 8, 8).Dense(8).Dense(2), Bars.Make(64)));
        Assert.Matches(@"^The loss became (NaN|∞|Infinity) in epoch 1, step [234] of 4\. Try a learning rate below 1E\+30, inputs scaled", error.Message);
    }

    [Fact]
    public void Inputs_that_are_not_numbers_end_the_training_at_their_step()
    {
        var inputs = new float[5 * 64];
        inputs[^1] = float.NaN;
        var options = _options with { Shuffle = false, BatchSize = 2 };
        var error = Assert.Throws<DivergedException>(
            () => new Trainer(new ReferenceBackend(), options).Fit(Network.Input(1, 8, 8).Dense(2), new ArrayBatches(inputs, [1, 8, 8], new float[5])));
        Assert.Contains("The loss became NaN in epoch 1, step 3 of 3.", error.Message, StringComparison.Ordinal);
        Assert.Contains("look for NaN in the inputs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_softmax_at_the_end_is_part_of_the_loss()
    {
        var trainer = new Trainer(new ReferenceBackend(), _options);
        var samples = Bars.Make(40);
        var (plain, softmax) = (trainer.Fit(Bars.Network(), samples), trainer.Fit(Bars.Network().Softmax(), samples));
        Assert.Equal(plain.Network.Weights, softmax.Network.Weights);
        Assert.Equal(plain.History, softmax.History);
        using var one = new Predictor(plain.Network, new ReferenceBackend(), loss: Loss.SoftmaxCrossEntropy);
        using var two = new Predictor(softmax.Network, new ReferenceBackend(), loss: Loss.SoftmaxCrossEntropy);
        using var raw = new Predictor(softmax.Network, new ReferenceBackend());
        var (image, expected, actual, direct) = (new float[64], new float[2], new float[2], new float[2]);
        samples.Read([3], image, new float[1]);
        one.Predict(image, expected);
        two.Predict(image, actual);
        raw.Predict(image, direct);
        Assert.Equal(expected, actual);
        Assert.Equal(expected, direct);
    }

    [Fact]
    public void Samples_that_do_not_fit_the_network_are_refused()
    {
        Refuses("There are no training samples.", new ArrayBatches([], [1, 8, 8], []));
        Refuses("The network's input 'input1' is 1×8×8; the training samples are 1×4×16.", new ArrayBatches(new float[64], [1, 4, 16], [0]));
        Refuses("The loss on 'dense1' takes targets of 1; those of the training samples are 2.", new ArrayBatches(new float[64], [1, 8, 8], [0, 0], [2]));
        Refuses("There are no validation samples.", Bars.Make(4), new ArrayBatches([], [1, 8, 8], []));
        Refuses("The network's input 'input1' is 1×8×8; the validation samples are 64.", Bars.Make(4), new ArrayBatches(new float[64], [64], [0]));

        static void Refuses(string message, IBatchSource training, IBatchSource? validation = null)
            => Assert.Equal(message, Assert.Throws<ArgumentException>(() => new Trainer(new ReferenceBackend(), _options).Fit(Bars.Network(), training, validation)).Message);
    }

    [Fact]
    public void A_network_of_two_inputs_is_refused()
    {
        Network network = (Network.Input([2], "left") + Network.Input([2], "right")).Dense(2);
        network.Initialize(0);
        var samples = new ArrayBatches(new float[2], [2], [0]);
        const string Message = "The network has the inputs 'left' and 'right'; training, evaluation and prediction feed one.";
        Assert.Equal(Message, Assert.Throws<ArgumentException>(() => new Trainer(new ReferenceBackend(), _options).Fit(network, samples)).Message);
        Assert.Equal(Message, Assert.Throws<ArgumentException>(() => new Predictor(network, new ReferenceBackend())).Message);
        Assert.Equal(Message, Assert.Throws<ArgumentException>(() => new Evaluator(network, Loss.SoftmaxCrossEntropy, new ReferenceBackend())).Message);
    }

    [Theory]
    [InlineData(2, "2")]
    [InlineData(-1, "-1")]
    [InlineData(0.5f, "0.5")]
    [InlineData(float.NaN, "NaN")]
    public void A_target_that_is_no_class_is_refused(float target, string shown)
    {
        var samples = new ArrayBatches(new float[3 * 64], [1, 8, 8], [0, target, 1]);
        var message = $"'dense1' has the classes 0…1; a target is {shown}.";
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => Fit(_options, samples)).Message);
        Network network = Bars.Network();
        network.Initialize(1);
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => Evaluate(network, samples)).Message);
    }

    [Fact]
    public void There_must_be_samples_to_evaluate()
    {
        Network network = Bars.Network();
        network.Initialize(1);
        Assert.Throws<ArgumentException>(() => Evaluate(network, new ArrayBatches([], [1, 8, 8], [])));
    }

    private static TrainingResult Fit(TrainerOptions options, IBatchSource samples) => new Trainer(new ReferenceBackend(), options).Fit(Bars.Network(), samples);

    private static Evaluation Evaluate(Network network, IBatchSource samples)
    {
        using var evaluator = new Evaluator(network, Loss.SoftmaxCrossEntropy, new ReferenceBackend(), _options.BatchSize);
        return evaluator.Evaluate(samples, network.Weights);
    }

    /// <summary>A training whose steps are far too large, so that its loss goes up and down.</summary>
    private static (TrainingResult Result, ArrayBatches Validation) Jumpy(bool keepBest)
    {
        var validation = Bars.Make(32, seed: 3);
        var options = _options with { Epochs = 6, LearningRate = 1f, Optimizer = Optimizer.Sgd(), KeepBest = keepBest };
        return (new Trainer(new ReferenceBackend(), options).Fit(Network.Input(1, 8, 8).Dense(2), Bars.Make(32), validation), validation);
    }

    private static (int[] Training, int[] Validation) SplitOf(TrainerOptions options)
    {
        var source = new Recorder(Bars.Make(40));
        var training = 0;
        var progress = new Reporter(p => training = p.EndOfEpoch ? training : source.Samples.Count);
        Fit(options with { Epochs = 1, Progress = progress }, source);
        return ([.. source.Samples.Take(training).Order()], [.. source.Samples.Skip(training)]);
    }

    private sealed class Recorder(IBatchSource source) : IBatchSource
    {
        public List<int> Samples { get; } = [];

        public List<int> Batches { get; } = [];

        public int Count => source.Count;

        public Shape InputShape => source.InputShape;

        public Shape TargetShape => source.TargetShape;

        public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets)
        {
            Samples.AddRange(samples);
            Batches.Add(samples.Length);
            source.Read(samples, inputs, targets);
        }
    }
}

/// <summary>Reports at once and on the same thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class Reporter(Action<TrainingProgress> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => report(value);
}

using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

public class TrainingTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_same_seed_gives_the_same_network(int? threads)
    {
        var options = Pipelines.Quick();
        var expected = Fit(5, options).Model.Weights;
        options.Threads = threads;

        Assert.Equal(expected, Fit(5, options).Model.Weights);
    }

    [Fact]
    public void Another_seed_gives_another_network()
    {
        Assert.NotEqual(Fit(5).Model.Weights, Fit(6).Model.Weights);
        var (a, b) = (Pipelines.Quick(), Pipelines.Quick());
        (a.Seed, b.Seed) = (1, 2);
        Assert.NotEqual(Fit(5, a).Model.Weights, Fit(5, b).Model.Weights);
        b.Seed = 1;
        Assert.Equal(Fit(5, a).Model.Weights, Fit(6, b).Model.Weights);
    }

    [Fact]
    public void A_trainer_gives_the_same_network_each_time()
    {
        var ml = new MLContext();
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml));
        var trainer = new ConvNetTrainer(ml, Samples.VectorNetwork(), Pipelines.Quick());

        Assert.Equal(trainer.Fit(data).Model.Weights, trainer.Fit(data).Model.Weights);
    }

    [Fact]
    public async Task A_trainer_may_be_used_by_several_threads()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml));
        var trainer = new ConvNetTrainer(ml, Samples.VectorNetwork(), Pipelines.Quick());
        var expected = trainer.Fit(data).Model.Weights;

        var models = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => trainer.Fit(data))));

        Assert.All(models, m => Assert.Equal(expected, m.Model.Weights));
    }

    [Fact]
    public void The_callers_network_stays_as_it_is()
    {
        var (fresh, trained) = (Samples.VectorNetwork(), Samples.VectorNetwork());
        trained.Initialize(3);
        var weights = trained.Weights!.ToArray();

        var model = Fit(1, network: fresh).Model;
        Fit(1, network: trained);

        Assert.Null(fresh.Weights);
        Assert.Equal(weights, trained.Weights);
        Assert.NotSame(fresh, model);
    }

    [Fact]
    public void The_callers_options_may_change_afterwards()
    {
        var ml = new MLContext(seed: 1);
        var options = Pipelines.Quick(epochs: 1);
        var trainer = new ConvNetTrainer(ml, Samples.VectorNetwork(), options);
        (options.Epochs, options.LabelColumnName) = (1000, "Nothing");

        Assert.NotNull(trainer.Fit(Pipelines.WithKeys(ml, Pipelines.TrainingData(ml))));
    }

    [Fact]
    public void A_network_with_values_is_trained_on_from_them()
    {
        var first = Fit(1, Pipelines.Quick(epochs: 30)).Model;
        var options = Pipelines.Quick(epochs: 1);
        options.LearningRate = 1e-6f;

        var (tuned, anew) = (Fit(2, options, first), Fit(2, options));

        Assert.All(first.Weights!.Zip(tuned.Model.Weights!), w => Assert.Equal(w.First, w.Second, 1e-3f));
        Assert.NotEqual(first.Weights, tuned.Model.Weights);
        Assert.True(Accuracy(tuned) > 0.9);
        Assert.NotEqual(anew.Model.Weights, tuned.Model.Weights);
    }

    [Fact]
    public void The_log_has_one_line_for_each_epoch()
    {
        var ml = new MLContext(seed: 1);
        var lines = new List<LoggingEventArgs>();
        ml.Log += (_, line) =>
        {
            lock (lines)
                lines.Add(line);
        };

        Pipelines.Train(ml, Pipelines.Quick(epochs: 3));

        var epochs = lines.Where(l => l.RawMessage.StartsWith("Epoch ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, epochs.Length);
        foreach (var (index, line) in epochs.Index())
        {
            Assert.Equal(ChannelMessageKind.Info, line.Kind);
            Assert.Contains(nameof(ConvNetTrainer), line.Source, StringComparison.Ordinal);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Epoch {index + 1}/3: loss "), line.RawMessage, StringComparison.Ordinal);
            Assert.Contains("accuracy", line.RawMessage, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_callback_sees_each_batch_and_each_epoch()
    {
        var seen = new List<TrainingProgress>();
        var options = Pipelines.Quick(epochs: 2);
        options.ValidationSetFraction = 0.2f;
        options.MetricsCallback = seen.Add;

        Fit(1, options);

        // 48 rows in batches of 16, and the end of the epoch.
        Assert.Equal(2 * (3 + 1), seen.Count);
        Assert.Equal([1, 2, 3, 3, 1, 2, 3, 3], seen.Select(p => p.Batch));
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2], seen.Select(p => p.Epoch));
        Assert.All(seen, p =>
        {
            Assert.Equal((2, 3), (p.Epochs, p.Batches));
            Assert.True(p.Loss > 0);
            Assert.InRange(p.Accuracy, 0, 1);
            Assert.Equal(p.EndOfEpoch, p.Validation != null);
        });
        Assert.Equal(2, seen.Count(p => p.EndOfEpoch));
    }

    [Fact]
    public void A_callback_that_throws_ends_the_training()
    {
        var options = Pipelines.Quick();
        options.MetricsCallback = _ => throw new FormatException("mine");

        Assert.Equal("mine", Assert.Throws<FormatException>(() => Fit(1, options)).Message);
    }

    [Fact]
    public void A_cancelled_training_gives_a_model()
    {
        using var source = new CancellationTokenSource();
        var options = Pipelines.Quick(epochs: 100_000);
        options.CancellationToken = source.Token;
        options.MetricsCallback = p =>
        {
            if (p.Epoch == 30 && p.Batch == 2)
                source.Cancel();
        };

        Assert.True(Accuracy(Fit(1, options)) > 0.9);
    }

    [Fact]
    public void A_training_that_is_cancelled_while_it_reads_throws()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var options = Pipelines.Quick();
        options.CancellationToken = source.Token;

        Assert.ThrowsAny<OperationCanceledException>(() => Fit(1, options));
    }

    [Fact]
    public void Validation_rows_are_given_or_set_aside()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.TrainingData(ml);
        var labels = ml.Transforms.Conversion.MapValueToKey("Label").Fit(data);
        var given = new List<TrainingProgress>();
        var options = Pipelines.Quick(epochs: 2);
        options.ValidationSet = labels.Transform(ml.Data.LoadFromEnumerable(Samples.Vectors(20, seed: 8)));
        options.MetricsCallback = given.Add;

        new ConvNetTrainer(ml, Samples.VectorNetwork(), options).Fit(labels.Transform(data));
        var byParameter = ml.MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork(), epochs: 1, validationSet: options.ValidationSet).Fit(labels.Transform(data));

        Assert.NotNull(byParameter);
        Assert.All(given.Where(p => p.EndOfEpoch), p => Assert.NotNull(p.Validation));
        // All 60 rows are trained on: 4 batches of 16.
        Assert.All(given, p => Assert.Equal(4, p.Batches));
    }

    [Fact]
    public void The_network_of_the_best_epoch_is_kept()
    {
        var ml = new MLContext(seed: 1);
        var losses = new List<double>();
        var options = Pipelines.Quick(epochs: 12);
        options.LearningRate = 0.5f;
        options.Seed = 3;
        options.ValidationSetFraction = 0.3f;
        options.MetricsCallback = p =>
        {
            if (p.EndOfEpoch)
                losses.Add(p.Validation!.Loss);
        };
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml));
        var all = new ConvNetTrainer(ml, Samples.VectorNetwork(), options).Fit(data);

        // Trained up to the best epoch only, it is the same network.
        options.Epochs = losses.IndexOf(losses.Min()) + 1;
        Assert.Equal(new ConvNetTrainer(ml, Samples.VectorNetwork(), options).Fit(data).Model.Weights, all.Model.Weights);
    }

    [Fact]
    public void A_training_that_no_longer_improves_stops()
    {
        var epochs = 0;
        var options = Pipelines.Quick(epochs: 1000);
        options.LearningRate = 1e-30f;
        options.EarlyStopping = new EarlyStopping(Patience: 3, MinimumImprovement: 1e-3);
        options.ValidationSetFraction = 0.2f;
        options.MetricsCallback = p => epochs = p.Epoch;

        Fit(1, options);

        Assert.Equal(4, epochs);
    }

    [Fact]
    public void An_interrupted_training_goes_on_where_it_stopped()
    {
        using var folder = new TemporaryFolder();
        var expected = Fit(1, Pipelines.Quick(epochs: 6)).Model.Weights;
        using var source = new CancellationTokenSource();
        var seen = new List<int>();
        var options = Pipelines.Quick(epochs: 6);
        options.WorkspacePath = folder.PathOf("new folder");
        options.CancellationToken = source.Token;
        options.MetricsCallback = p =>
        {
            if (p is { Epoch: 4, Batch: 1 })
                source.Cancel();
        };
        Assert.NotEqual(expected, Fit(1, options).Model.Weights);

        options.CancellationToken = default;
        options.MetricsCallback = p => seen.Add(p.Epoch);

        Assert.Equal(expected, Fit(1, options).Model.Weights);
        Assert.Equal([4, 5, 6], seen.Distinct());
    }

    [Fact]
    public void Other_rows_have_a_checkpoint_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(seed: 1);
        var options = Pipelines.Quick();
        (options.WorkspacePath, options.Seed) = (folder.FullName, 1);
        var other = ml.Data.LoadFromEnumerable(Samples.Vectors(60, seed: 2));
        Pipelines.Train(ml, options);

        var second = Pipelines.Train(ml, options, data: other).Model.Weights;

        Assert.Equal(2, Directory.GetFiles(folder.FullName).Length);
        options.WorkspacePath = null;
        Assert.Equal(Pipelines.Train(ml, options, data: other).Model.Weights, second);
    }

    [Fact]
    public void A_checkpoint_of_another_training_is_not_gone_on_with()
    {
        using var folder = new TemporaryFolder();
        var options = Pipelines.Quick();
        options.WorkspacePath = folder.FullName;
        Fit(1, options);

        Messages.AssertSays(Assert.Throws<ModelFileException>(() => Fit(2, options)), "checkpoint", folder.FullName, "seed");

        File.WriteAllText(Directory.GetFiles(folder.FullName)[0], "something else");
        Messages.AssertSays(Assert.Throws<ModelFileException>(() => Fit(1, options)), "checkpoint", folder.FullName);
    }

    [Fact]
    public void Rows_without_a_label_are_left_out()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Vectors(60);
        var mixed = rows.SelectMany(r => new[] { new VectorRow { Features = [.. r.Features.Select(_ => float.NaN)], Label = "" }, r });
        var options = Pipelines.Quick();
        options.Seed = 1;
        var lines = new List<string>();
        ml.Log += (_, line) =>
        {
            lock (lines)
                lines.Add(line.RawMessage);
        };
        var labels = ml.Transforms.Conversion.MapValueToKey("Label").Fit(ml.Data.LoadFromEnumerable(rows));
        var trainer = new ConvNetTrainer(ml, Samples.VectorNetwork(), options);

        var expected = trainer.Fit(labels.Transform(ml.Data.LoadFromEnumerable(rows)));
        var actual = trainer.Fit(labels.Transform(ml.Data.LoadFromEnumerable(mixed)));

        Assert.Equal(expected.Model.Weights, actual.Model.Weights);
        Assert.Contains("Read 60 training rows; left out 60 without a label.", lines);
    }

    [Fact]
    public void Decoding_on_several_threads_gives_the_same_network()
    {
        using var folder = new TemporaryFolder();
        var files = Samples.Files(folder, 400);
        float[] Weights(int threads)
        {
            var ml = new MLContext(seed: 4);
            var options = Pipelines.Quick(epochs: 1);
            options.Threads = threads;
            var model = Pipelines.Files(ml, options).Fit(ml.Data.LoadFromEnumerable(files));
            return [.. Pipelines.Scores(model.Transform(ml.Data.LoadFromEnumerable(files))).SelectMany(s => s)];
        }

        var expected = Weights(1);
        Assert.Equal(expected, Weights(4));
        Assert.Equal(expected, Weights(4));
    }

    [Fact]
    public void Cursors_that_share_the_rows_give_the_same_network()
    {
        var ml = new MLContext(seed: 1);
        var options = Pipelines.Quick();
        options.Threads = 4;
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml, 100));
        var trainer = new ConvNetTrainer(ml, Samples.VectorNetwork(), options);

        Assert.Equal(trainer.Fit(data).Model.Weights, trainer.Fit(new DealtView(data)).Model.Weights);
    }

    [Fact]
    public void A_cache_on_disk_gives_the_same_network()
    {
        using var folder = new TemporaryFolder();
        var files = 0;
        var options = Pipelines.Quick();
        var expected = Fit(1, options).Model.Weights;
        options.CacheBytes = 0;
        options.MetricsCallback = _ => files = Directory.GetFiles(folder.FullName).Length;

        Assert.Equal(expected, Pipelines.Train(new MLContext(seed: 1) { TempFilePath = folder.FullName }, options).Model.Weights);

        Assert.Equal(1, files);
        Assert.Empty(Directory.GetFiles(folder.FullName));
    }

    [Fact]
    public void A_softmax_at_the_end_of_the_network_is_taken_as_part_of_the_loss()
    {
        var options = Pipelines.Quick();
        var with = Fit(1, options, Network.Input(1, Samples.Size, Samples.Size).Dense(3).Softmax());
        var without = Fit(1, options, Network.Input(1, Samples.Size, Samples.Size).Dense(3));

        Assert.Equal(without.Model.Weights, with.Model.Weights);
        var data = Pipelines.TrainingData(new MLContext());
        Assert.Equal(Pipelines.Scores(without.Transform(data)), Pipelines.Scores(with.Transform(data)));
    }

    [Fact]
    public void Batches_may_be_larger_than_the_data()
    {
        var options = Pipelines.Quick();
        options.BatchSize = 10_000;

        Assert.NotNull(Fit(1, options));
    }

    [Fact]
    public void Batches_may_be_run_in_parts()
    {
        var options = Pipelines.Quick();
        options.Optimizer = Optimizer.Sgd();
        var whole = Fit(1, options).Model.Weights!.ToArray();
        options.MicroBatchSize = 5;
        var parts = Fit(1, options).Model.Weights!.ToArray();

        Assert.NotEqual(whole, parts);
        Assert.All(whole.Zip(parts), w => Assert.Equal(w.First, w.Second, 1e-5f));
    }

    private static ConvNetTransformer Fit(int seed, ConvNetTrainer.Options? options = null, Network? network = null)
        => Pipelines.Train(new MLContext(seed), options, network);

    private static double Accuracy(ConvNetTransformer transformer)
    {
        var ml = new MLContext();
        return ml.MulticlassClassification.Evaluate(transformer.Transform(Pipelines.WithKeys(ml, ml.Data.LoadFromEnumerable(Samples.Vectors(60, seed: 5))))).MicroAccuracy;
    }
}

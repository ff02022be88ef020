using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class PipelineTests
{
    [Theory]
    [InlineData("options")]
    [InlineData("named parameters")]
    [InlineData("constructor")]
    public void A_pipeline_from_image_files_learns_and_evaluates(string way)
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(seed: 1);
        var train = ml.Data.LoadFromEnumerable(Samples.Files(folder, 90, size: 16));
        var test = ml.Data.LoadFromEnumerable(Samples.Files(folder, 31, seed: 2));
        var network = Samples.ImageNetwork();
        var options = new ConvNetTrainer.Options { FeatureColumnName = "Image", Epochs = 15, BatchSize = 16, LearningRate = 0.01f };
        var trainer = way switch
        {
            "options" => ml.MulticlassClassification.Trainers.ConvNet(network, options),
            "named parameters" => ml.MulticlassClassification.Trainers.ConvNet(network, featureColumnName: "Image", epochs: 15, batchSize: 16, learningRate: 0.01f),
            _ => new ConvNetTrainer(ml, network, options),
        };
        var pipeline = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.LoadImages("Image", folder.FullName, "ImagePath"))
            .Append(ml.Transforms.ResizeImages("Image", Samples.ImageSize, Samples.ImageSize))
            .Append(trainer)
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

        var model = pipeline.Fit(train);
        var metrics = ml.MulticlassClassification.Evaluate(model.Transform(test));

        Assert.True(metrics.MicroAccuracy > 0.9, $"accuracy {metrics.MicroAccuracy}");
        Assert.Equal(3, metrics.ConfusionMatrix.NumberOfClasses);
        Assert.Equal(31, metrics.ConfusionMatrix.Counts.Sum(row => row.Sum()));
        var table = metrics.ConfusionMatrix.GetFormattedConfusionTable();
        Assert.All(Samples.Colors, name => Assert.Contains(name, table, StringComparison.Ordinal));
    }

    [Fact]
    public void The_defaults_are_those_of_the_options()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml, 30));

        var byParameters = new MLContext(seed: 3).MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork()).Fit(data);
        var byOptions = new ConvNetTrainer(new MLContext(seed: 3), Samples.VectorNetwork()).Fit(data);

        Assert.Equal(byOptions.Model.Weights, byParameters.Model.Weights);
    }

    [Fact]
    public void Data_is_split_before_training()
    {
        var ml = new MLContext(seed: 1);
        var split = ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(Samples.Vectors(200)), 0.3);

        var model = Pipelines.Vectors(ml, Pipelines.Quick(epochs: 30)).Fit(split.TrainSet);

        Assert.True(ml.MulticlassClassification.Evaluate(model.Transform(split.TestSet)).MicroAccuracy > 0.9);
    }

    [Fact]
    public void Cross_validation_trains_a_network_for_each_fold()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Samples.Vectors(150));

        var folds = ml.MulticlassClassification.CrossValidate(data, Pipelines.Vectors(ml, Pipelines.Quick(epochs: 30)), numberOfFolds: 3);

        Assert.Equal(3, folds.Count);
        Assert.All(folds, fold => Assert.True(fold.Metrics.MicroAccuracy > 0.9, $"accuracy {fold.Metrics.MicroAccuracy}"));
    }

    [Fact]
    public void Cached_vectors_give_the_same_network()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.TrainingData(ml);
        var options = Pipelines.Quick();
        options.Seed = 7;
        var labels = ml.Transforms.Conversion.MapValueToKey("Label");
        var trainer = ml.MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork(), options);

        var uncached = labels.Append(trainer).Fit(data);
        var cached = labels.Append(trainer).Fit(ml.Data.Cache(data));
        var checkpoint = labels.AppendCacheCheckpoint(ml).Append(trainer).Fit(data);

        Assert.Equal(uncached.LastTransformer.Model.Weights, cached.LastTransformer.Model.Weights);
        Assert.Equal(uncached.LastTransformer.Model.Weights, checkpoint.LastTransformer.Model.Weights);
        Assert.Equal(Pipelines.Scores(uncached.Transform(data)), Pipelines.Scores(cached.Transform(ml.Data.Cache(data))));
    }

    [Fact]
    public void Predictions_come_one_by_one_in_batches_and_as_columns()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Vectors(70);
        var data = ml.Data.LoadFromEnumerable(rows);
        var model = Pipelines.Vectors(ml).Fit(data);
        var scored = model.Transform(data);
        var batched = ml.Data.CreateEnumerable<Prediction>(scored, reuseRowObject: false).ToArray();
        using var engine = ml.Model.CreatePredictionEngine<VectorRow, Prediction>(model);

        Assert.Equal(70, batched.Length);
        Assert.Equal(batched.Select(p => p.Score), Pipelines.Scores(scored));
        Assert.Equal(batched.Select(p => p.PredictedLabel), scored.GetColumn<string>("PredictedLabel"));
        foreach (var (row, expected) in rows.Zip(batched).Concat(rows.Zip(batched).Reverse()))
        {
            var prediction = engine.Predict(row);
            Assert.Equal(expected.PredictedLabel, prediction.PredictedLabel);
            Assert.All(expected.Score.Zip(prediction.Score), s => Assert.Equal(s.First, s.Second, 1e-5f));
        }
    }

    [Fact]
    public void A_prediction_engine_classifies_image_files()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(seed: 1);
        var files = Samples.Files(folder, 30);
        var data = ml.Data.LoadFromEnumerable(files);
        var model = Pipelines.Files(ml).Fit(data);
        var batched = Pipelines.Scores(model.Transform(data));
        using var engine = ml.Model.CreatePredictionEngine<ImageFile, Prediction>(model);

        foreach (var (file, expected) in files.Zip(batched))
            Assert.All(expected.Zip(engine.Predict(file).Score), s => Assert.Equal(s.First, s.Second, 1e-5f));
    }

    [Fact]
    public void Scoring_needs_no_labels()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var unlabelled = ml.Data.LoadFromEnumerable(Samples.Vectors(5).Select(r => new Unlabelled { Features = r.Features }));

        Assert.Equal(Pipelines.Scores(transformer.Transform(Pipelines.TrainingData(ml, 5))), Pipelines.Scores(transformer.Transform(unlabelled)));
    }

    [Fact]
    public void Two_networks_stand_in_one_pipeline()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.TrainingData(ml);
        var pipeline = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork(), Pipelines.Quick()))
            .Append(ml.Transforms.CopyColumns("FirstScore", "Score"))
            .Append(ml.MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork(), Pipelines.Quick()))
            .Append(ml.Transforms.Concatenate("Both", "FirstScore", "Score"));

        var both = pipeline.Fit(data).Transform(data).GetColumn<float[]>("Both").ToArray();

        Assert.All(both, scores => Assert.Equal(6, scores.Length));
        Assert.NotEqual(both[0][..3], both[0][3..]);
    }

    private sealed class Unlabelled
    {
        [VectorType(1, Samples.Size, Samples.Size)]
        public float[] Features { get; set; } = [];
    }
}

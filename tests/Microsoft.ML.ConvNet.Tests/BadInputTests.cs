using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>What goes wrong names the column and says what was expected and what came, in a chain and by itself.</summary>
public class BadInputTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_missing_feature_column_is_named()
        => SaysOfData(new[] { new OnlyLabel() }, "feature column 'Features' is missing", "Label");

    [Fact]
    public void A_missing_label_column_is_named()
        => Says(_ml.Data.LoadFromEnumerable(Samples.Vectors(3).Select(r => new OnlyFeatures { Features = r.Features })), "label column 'Label' is missing", "Features");

    [Fact]
    public void Features_that_are_text_are_refused()
        => SaysOfData(new[] { new TextFeatures() }, "feature column 'Features'", "image", "vector of Single", "String");

    [Fact]
    public void Features_that_are_integers_are_refused()
        => SaysOfData(new[] { new IntFeatures() }, "feature column 'Features'", "vector of Single", "Int32");

    [Fact]
    public void Features_that_are_a_single_number_are_refused()
        => SaysOfData(new[] { new ScalarFeature() }, "feature column 'Features'", "vector of Single", "Single");

    [Fact]
    public void Features_of_unknown_size_are_refused()
        => SaysOfData(new[] { new RaggedFeatures { Features = new float[36] } }, "feature column 'Features'", "known", "Single");

    [Fact]
    public void Features_of_another_length_are_refused()
        => SaysOfFit(new[] { new ShortFeatures() }, "feature column 'Features'", "35", "1×6×6", "36");

    [Fact]
    public void Features_of_other_dimensions_are_refused()
        => SaysOfFit(new[] { new WideFeatures() }, "feature column 'Features'", "1×4×9", "1×6×6", "channels×height×width");

    [Fact]
    public void Rows_of_another_length_than_their_type_says_are_refused()
    {
        var rows = Samples.Vectors(10);
        rows[7].Features = new float[5];

        SaysOfFit(rows, "column 'Features'", "row 7", "5", "36");
    }

    [Fact]
    public void Labels_that_are_text_are_refused()
        => Says(_ml.Data.LoadFromEnumerable(Samples.Vectors(3)), "label column 'Label' must be a key", "String", "MapValueToKey");

    [Fact]
    public void Labels_that_are_numbers_are_refused()
        => Says(_ml.Data.LoadFromEnumerable(Samples.Vectors(3).Select(r => new NumberLabel { Features = r.Features })), "label column 'Label' must be a key", "Single");

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Other_classes_than_outputs_are_refused(int outputs)
        => Refuses<ArgumentException>(
            Trainer(network: Samples.VectorNetwork(outputs)), Pipelines.WithKeys(_ml, Pipelines.TrainingData(_ml)), "label column 'Label' has 3 classes", $"output 'dense1' is {outputs}");

    [Fact]
    public void An_output_that_is_an_image_is_refused()
        => Refuses<ArgumentException>(
            Trainer(network: Network.Input(1, 6, 6).Conv(3, kernel: 1)), Pipelines.WithKeys(_ml, Pipelines.TrainingData(_ml)), "3 classes", "3×6×6");

    [Fact]
    public void Two_inputs_are_refused()
    {
        var network = (Network)Network.Input(1, 6, 6, "left").Add(Network.Input(1, 6, 6, "right")).Dense(3);

        Messages.AssertSays(Assert.Throws<ArgumentException>(() => Trainer(network: network)), "one input", "'left'", "'right'");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Images_of_another_size_are_refused(bool typed)
    {
        using var folder = new TemporaryFolder();
        var files = _ml.Data.LoadFromEnumerable(Samples.Files(folder, 3, size: 10));
        var labels = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.LoadImages("Image", "", "ImagePath"));
        var data = typed
            ? labels.Append(_ml.Transforms.ResizeImages("Image", 8, 10)).Fit(files).Transform(files)
            : labels.Fit(files).Transform(files);
        var error = Assert.ThrowsAny<Exception>(() => Trainer(ForImages(), Samples.ImageNetwork()).Fit(data));

        Messages.AssertSays(error, "column 'Image'", typed ? "10×8" : "10×10", "12×12", "ResizeImages");
        if (typed)
            Assert.IsType<ArgumentException>(error);
        else
            Messages.AssertSays(error, "row ", ".png");
    }

    [Fact]
    public void Images_of_another_size_are_refused_in_scoring()
    {
        var trained = Trainer(ForImages(), Samples.ImageNetwork()).Fit(Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(Samples.Images(6))));
        var other = Enumerable.Range(0, 3).Select(i => new ImageRow { Image = Samples.Image(0, i, size: i == 2 ? 10 : Samples.ImageSize) });

        Messages.AssertSays(
            Assert.ThrowsAny<Exception>(() => Pipelines.Scores(trained.Transform(_ml.Data.LoadFromEnumerable(other)))),
            "column 'Image' of row 2", "10×10", "12×12");
    }

    [Fact]
    public void Images_need_a_network_for_images()
    {
        var data = Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(Samples.Images(6)));

        Refuses<ArgumentException>(Trainer(ForImages(), Network.Input([432]).Dense(3)), data, "column 'Image' holds images", "432", "C×H×W");
        Refuses<ArgumentException>(Trainer(ForImages(), Samples.ImageNetwork(channels: 2)), data, "column 'Image' holds images", "2×12×12", "1 (grey)");
    }

    [Fact]
    public void Empty_data_is_refused()
    {
        var labels = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(Pipelines.TrainingData(_ml));
        var data = labels.Transform(_ml.Data.LoadFromEnumerable(Array.Empty<VectorRow>()));

        Refuses<InvalidOperationException>(Trainer(), data, "no training rows", "empty");
    }

    [Fact]
    public void An_empty_validation_set_is_refused()
    {
        var labels = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(Pipelines.TrainingData(_ml));
        var options = Pipelines.Quick();
        options.ValidationSet = labels.Transform(_ml.Data.LoadFromEnumerable(Array.Empty<VectorRow>()));

        Refuses<InvalidOperationException>(Trainer(options), labels.Transform(Pipelines.TrainingData(_ml)), "no validation rows", "empty");
    }

    [Fact]
    public void Labels_that_are_all_missing_are_refused()
    {
        var labels = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(Pipelines.TrainingData(_ml));
        var rows = Samples.Vectors(5);
        foreach (var row in rows)
            row.Label = "never seen";

        Refuses<InvalidOperationException>(Trainer(), labels.Transform(_ml.Data.LoadFromEnumerable(rows)), "label column 'Label' is missing in all 5 training rows");
    }

    [Fact]
    public void A_class_without_rows_is_refused_unless_that_is_meant()
    {
        var labels = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(Pipelines.TrainingData(_ml));
        var data = labels.Transform(_ml.Data.LoadFromEnumerable(Samples.Vectors(30).Where(r => r.Label != "middle")));
        Refuses<InvalidOperationException>(Trainer(), data, "label column 'Label' has 3 classes", "'middle'", "AllowUnseenClasses");

        var options = Pipelines.Quick();
        options.AllowUnseenClasses = true;

        Assert.All(Pipelines.Scores(Trainer(options).Fit(data).Transform(data)), s => Assert.Equal(3, s.Length));
    }

    [Fact]
    public void A_damaged_image_file_is_named_by_its_row()
    {
        using var folder = new TemporaryFolder();
        var files = Samples.Files(folder, 12);
        File.WriteAllText(files[7].ImagePath, "no image");

        var error = Assert.ThrowsAny<Exception>(() => Pipelines.Files(_ml).Fit(_ml.Data.LoadFromEnumerable(files)));

        Messages.AssertSays(error, "column 'Image' of row 7");
    }

    [Fact]
    public void A_missing_image_file_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = Samples.Files(folder, 300);
        File.Delete(files[280].ImagePath);

        var error = Assert.ThrowsAny<Exception>(() => Pipelines.Files(_ml).Fit(_ml.Data.LoadFromEnumerable(files)));

        Messages.AssertSays(error, "column 'Image' of row 280", files[280].ImagePath);
    }

    [Fact]
    public void Many_images_that_are_missing_do_not_hang()
    {
        using var folder = new TemporaryFolder();
        var files = Samples.Files(folder, 6);
        var rows = Enumerable.Range(0, 5000).Select(i => new ImageFile { ImagePath = i % 2 == 0 ? files[0].ImagePath : folder.PathOf("gone.png"), Label = $"{i % 3}" });
        var options = Pipelines.Quick();
        options.Threads = 4;

        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => Pipelines.Files(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows))), "gone.png");
    }

    [Fact]
    public void A_missing_image_is_named()
    {
        var rows = Samples.Images(6);
        rows[4].Image = null;

        Refuses<InvalidOperationException>(
            Trainer(ForImages(), Samples.ImageNetwork()), Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(rows)), "column 'Image' of row 4 is missing");
    }

    [Fact]
    public void A_path_that_is_empty_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = Samples.Files(folder, 300);
        files[280].ImagePath = "";
        var options = Pipelines.Quick();
        options.Threads = 1;

        var error = Assert.ThrowsAny<Exception>(() => Pipelines.Files(_ml, options).Fit(_ml.Data.LoadFromEnumerable(files)));

        Messages.AssertSays(error, "column 'Image' of row 280 is missing");
    }

    [Fact]
    public void Cursors_close_the_input_when_training_fails()
    {
        var rows = Samples.Vectors(10);
        rows[7].Features = new float[5];
        var input = new SpyView(Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(rows)));

        Assert.ThrowsAny<Exception>(() => Trainer().Fit(input));

        Assert.Equal(1, input.Opened);
        Assert.Equal(1, input.Closed);
    }

    [Theory]
    [InlineData(nameof(ConvNetTrainer.Options.Epochs), 0)]
    [InlineData(nameof(ConvNetTrainer.Options.Epochs), -1)]
    [InlineData(nameof(ConvNetTrainer.Options.BatchSize), 0)]
    [InlineData(nameof(ConvNetTrainer.Options.BatchSize), -5)]
    [InlineData(nameof(ConvNetTrainer.Options.MicroBatchSize), 0)]
    [InlineData(nameof(ConvNetTrainer.Options.LearningRate), 0f)]
    [InlineData(nameof(ConvNetTrainer.Options.LearningRate), -1f)]
    [InlineData(nameof(ConvNetTrainer.Options.LearningRate), float.NaN)]
    [InlineData(nameof(ConvNetTrainer.Options.LearningRate), float.PositiveInfinity)]
    [InlineData(nameof(ConvNetTrainer.Options.ValidationSetFraction), -0.1f)]
    [InlineData(nameof(ConvNetTrainer.Options.ValidationSetFraction), 1f)]
    [InlineData(nameof(ConvNetTrainer.Options.ValidationSetFraction), float.NaN)]
    [InlineData(nameof(ConvNetTrainer.Options.Threads), 0)]
    [InlineData(nameof(ConvNetTrainer.Options.Threads), -1)]
    [InlineData(nameof(ConvNetTrainer.Options.CacheBytes), -1L)]
    public void Options_out_of_range_are_named(string name, object value)
    {
        var options = new ConvNetTrainer.Options();
        typeof(ConvNetTrainer.Options).GetField(name)!.SetValue(options, value);

        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Trainer(options));

        Assert.Equal(name, error.ParamName);
        Messages.AssertSays(error, $"{name} must be");
    }

    [Fact]
    public void Impatience_is_out_of_range()
        => Messages.AssertSays(Assert.Throws<ArgumentOutOfRangeException>(() => Trainer(new() { EarlyStopping = new EarlyStopping(Patience: 0) })), "EarlyStopping");

    [Fact]
    public void Named_parameters_out_of_range_are_named()
    {
        var trainers = _ml.MulticlassClassification.Trainers;

        Messages.AssertSays(Assert.Throws<ArgumentOutOfRangeException>(() => trainers.ConvNet(Samples.VectorNetwork(), epochs: 0)), "Epochs");
        Messages.AssertSays(Assert.Throws<ArgumentOutOfRangeException>(() => trainers.ConvNet(Samples.VectorNetwork(), batchSize: 0)), "BatchSize");
        Messages.AssertSays(Assert.Throws<ArgumentOutOfRangeException>(() => trainers.ConvNet(Samples.VectorNetwork(), learningRate: 0)), "LearningRate");
    }

    [Theory]
    [InlineData(nameof(ConvNetTrainer.Options.LabelColumnName))]
    [InlineData(nameof(ConvNetTrainer.Options.FeatureColumnName))]
    [InlineData(nameof(ConvNetTrainer.Options.ScoreColumnName))]
    [InlineData(nameof(ConvNetTrainer.Options.PredictedLabelColumnName))]
    public void Columns_without_a_name_are_refused(string name)
    {
        foreach (var value in new[] { null, "" })
        {
            var options = new ConvNetTrainer.Options();
            typeof(ConvNetTrainer.Options).GetField(name)!.SetValue(options, value);

            Messages.AssertSays(Assert.ThrowsAny<ArgumentException>(() => Trainer(options)), name);
        }
    }

    [Fact]
    public void Output_columns_of_one_name_are_refused()
        => Messages.AssertSays(Assert.Throws<ArgumentException>(() => Trainer(new() { ScoreColumnName = "Out", PredictedLabelColumnName = "Out" })), "'Out'");

    [Fact]
    public void Null_arguments_are_named()
    {
        var trainers = _ml.MulticlassClassification.Trainers;
        var network = Samples.VectorNetwork();
        var transformer = Pipelines.Train(_ml);

        Names("env", () => new ConvNetTrainer(null!, network));
        Names("network", () => new ConvNetTrainer(_ml, null!));
        Names("network", () => trainers.ConvNet(null!));
        Names("network", () => trainers.ConvNet(null!, new ConvNetTrainer.Options()));
        Names("catalog", () => ConvNetCatalog.ConvNet(null!, network));
        Names("Schedule", () => Trainer(new() { Schedule = null! }));
        Names("Optimizer", () => Trainer(new() { Optimizer = null! }));
        Names("input", () => Trainer().Fit(null!));
        Names("inputSchema", () => Trainer().GetOutputSchema(null!));
        Names("input", () => transformer.Transform(null!));
        Names("inputSchema", () => transformer.GetOutputSchema(null!));
        Names("inputSchema", () => transformer.GetRowToRowMapper(null!));

        static void Names(string parameter, Func<object> call) => Assert.Equal(parameter, Assert.Throws<ArgumentNullException>(call).ParamName);
    }

    [Fact]
    public void A_validation_set_with_another_number_of_classes_is_refused()
    {
        var options = Pipelines.Quick();
        options.ValidationSet = Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(Samples.Vectors(2)));

        Refuses<ArgumentException>(
            Trainer(options), Pipelines.WithKeys(_ml, Pipelines.TrainingData(_ml)), "label column 'Label' of the validation set", "2 classes", "3");
    }

    [Fact]
    public void A_validation_set_with_other_classes_is_refused()
    {
        // Mapped by itself, its keys are in another order.
        var options = Pipelines.Quick();
        options.ValidationSet = Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(Samples.Vectors(30).Reverse()));

        Refuses<ArgumentException>(
            Trainer(options), Pipelines.WithKeys(_ml, Pipelines.TrainingData(_ml)), "label column 'Label' of the validation set", "3 classes ('right', 'middle', 'left')", "3 classes ('left', 'middle', 'right')", "MapValueToKey");
    }

    [Fact]
    public void A_validation_set_without_the_columns_is_refused()
    {
        var options = Pipelines.Quick();
        options.ValidationSet = _ml.Data.LoadFromEnumerable(new[] { new OnlyLabel() });

        Refuses<ArgumentException>(Trainer(options), Pipelines.WithKeys(_ml, Pipelines.TrainingData(_ml)), "validation", "Label");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Features_that_are_not_numbers_end_the_training(bool convolution)
    {
        var rows = Samples.Vectors(30);
        rows[20].Features[11] = float.NaN;
        Network network = convolution ? Network.Input(1, 6, 6).Conv(4, kernel: 3).Relu().MaxPool(2).Dense(3) : Network.Input(1, 6, 6).Dense(3);

        Messages.AssertSays(
            Assert.Throws<DivergedException>(() => Trainer(network: network).Fit(Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(rows)))),
            "NaN", "epoch 1");
    }

    [Fact]
    public void Features_that_are_infinite_end_the_training()
    {
        var rows = Samples.Vectors(30);
        rows[20].Features[11] = float.PositiveInfinity;

        Assert.Throws<DivergedException>(() => Trainer().Fit(Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(rows))));
    }

    [Fact]
    public void Scoring_names_a_missing_feature_column()
        => Messages.AssertSays(
            Assert.ThrowsAny<Exception>(() => Pipelines.Train(_ml).Transform(_ml.Data.LoadFromEnumerable(new[] { new OnlyLabel() }))),
            "feature column 'Features' is missing", "Label");

    [Fact]
    public void Scoring_names_a_feature_column_of_another_type()
        => Messages.AssertSays(
            Assert.ThrowsAny<Exception>(() => Pipelines.Train(_ml).Transform(_ml.Data.LoadFromEnumerable(new[] { new IntFeatures() }))),
            "feature column 'Features'", "vector of Single", "Int32");

    /// <summary>With labels mapped, the trainer refuses the rows by itself and in a chain, which checks shapes first.</summary>
    private void SaysOfData<TRow>(TRow[] rows, params string[] parts)
        where TRow : class => Says(Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(rows)), parts);

    private void Says(IDataView data, params string[] parts)
    {
        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => Trainer().Fit(data)), parts);
        var chain = new EstimatorChain<ConvNetTransformer>().Append(Trainer());
        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => chain.Fit(data)), parts);
    }

    private void SaysOfFit<TRow>(TRow[] rows, params string[] parts)
        where TRow : class
    {
        var data = Pipelines.WithKeys(_ml, _ml.Data.LoadFromEnumerable(rows));
        var network = Samples.VectorNetwork((int)((KeyDataViewType)data.Schema["Label"].Type).Count);
        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => Trainer(network: network).Fit(data)), parts);
    }

    private static void Refuses<TException>(ConvNetTrainer trainer, IDataView data, params string[] parts)
        where TException : Exception
        => Messages.AssertSays(Assert.ThrowsAny<TException>(() => trainer.Fit(data)), parts);

    private ConvNetTrainer Trainer(ConvNetTrainer.Options? options = null, Network? network = null)
        => new(_ml, network ?? Samples.VectorNetwork(), options ?? Pipelines.Quick(epochs: 1));

    private static ConvNetTrainer.Options ForImages()
    {
        var options = Pipelines.Quick(epochs: 1);
        options.FeatureColumnName = "Image";
        return options;
    }

    private class OnlyLabel
    {
        public string Label { get; set; } = "a";
    }

    private sealed class OnlyFeatures
    {
        [VectorType(1, 6, 6)]
        public float[] Features { get; set; } = [];
    }

    private sealed class TextFeatures : OnlyLabel
    {
        public string Features { get; set; } = "";
    }

    private sealed class IntFeatures : OnlyLabel
    {
        [VectorType(36)]
        public int[] Features { get; set; } = new int[36];
    }

    private sealed class ScalarFeature : OnlyLabel
    {
        public float Features { get; set; }
    }

    private sealed class RaggedFeatures : OnlyLabel
    {
        public float[] Features { get; set; } = [];
    }

    private sealed class ShortFeatures : OnlyLabel
    {
        [VectorType(35)]
        public float[] Features { get; set; } = new float[35];
    }

    private sealed class WideFeatures : OnlyLabel
    {
        [VectorType(1, 4, 9)]
        public float[] Features { get; set; } = new float[36];
    }

    private sealed class NumberLabel
    {
        [VectorType(1, 6, 6)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}

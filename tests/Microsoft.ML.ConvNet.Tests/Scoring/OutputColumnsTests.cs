using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class OutputColumnsTests
{
    private static readonly string[] _scoreAnnotations = ["ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind", "SlotNames", "TrainingLabelValues"];
    private static readonly string[] _labelAnnotations = ["KeyValues", "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind"];

    [Fact]
    public void The_shape_of_the_schema_agrees_with_the_schema()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml));
        var trainer = new ConvNetTrainer(ml, Samples.VectorNetwork(), Pipelines.Quick(epochs: 1));
        var transformer = trainer.Fit(data);

        // A chain of two tells a column's shape: the second stage sees what the first one promises.
        var shape = trainer.GetOutputSchema(ShapeOf(ml, data)).ToArray();
        var schema = transformer.GetOutputSchema(data.Schema);

        Assert.Equal(schema.Where(c => !c.IsHidden).Select(c => c.Name).Order(), shape.Select(c => c.Name).Order());
        foreach (var column in shape.Where(c => c.Name is "Score" or "PredictedLabel"))
        {
            var type = schema[column.Name].Type;
            Assert.Equal(type is KeyDataViewType, column.IsKey);
            Assert.Equal(type is VectorDataViewType ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.Scalar, column.Kind);
            Assert.Equal((type as VectorDataViewType)?.ItemType.RawType ?? type.RawType, column.ItemType.RawType);
            var annotations = schema[column.Name].Annotations.Schema;
            Assert.Equal(annotations.Select(a => a.Name).Order(), column.Annotations.Select(a => a.Name).Order());
            foreach (var annotation in column.Annotations)
            {
                var actual = annotations[annotation.Name].Type;
                Assert.Equal(actual is KeyDataViewType, annotation.IsKey);
                Assert.Equal(actual is VectorDataViewType ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.Scalar, annotation.Kind);
                Assert.Equal((actual as VectorDataViewType)?.ItemType.RawType ?? actual.RawType, annotation.ItemType.RawType);
            }
        }
    }

    [Fact]
    public void Both_columns_have_their_types_and_annotations()
    {
        var ml = new MLContext(seed: 1);
        var schema = Pipelines.Train(ml).GetOutputSchema(Pipelines.WithKeys(ml, Pipelines.TrainingData(ml)).Schema);

        var score = schema["Score"];
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 3), score.Type);
        Assert.Equal(_scoreAnnotations, score.Annotations.Schema.Select(a => a.Name).Order());
        Assert.Equal(Samples.Bars, Texts(score, "SlotNames"));
        Assert.Equal(Samples.Bars, Texts(score, "TrainingLabelValues"));
        Assert.Equal("MulticlassClassification", Text(score, "ScoreColumnKind"));
        Assert.Equal("Score", Text(score, "ScoreValueKind"));

        var label = schema["PredictedLabel"];
        Assert.Equal(new KeyDataViewType(typeof(uint), 3), label.Type);
        Assert.Equal(_labelAnnotations, label.Annotations.Schema.Select(a => a.Name).Order());
        Assert.Equal(Samples.Bars, Texts(label, "KeyValues"));
        Assert.Equal("PredictedLabel", Text(label, "ScoreValueKind"));
        Assert.Equal(new KeyDataViewType(typeof(uint), int.MaxValue), label.Annotations.Schema["ScoreColumnSetId"].Type);
    }

    [Fact]
    public void Scores_on_top_of_scores_belong_to_another_set()
    {
        var ml = new MLContext(seed: 1);
        var data = Pipelines.WithKeys(ml, Pipelines.TrainingData(ml));
        var transformer = Pipelines.Train(ml);

        var once = transformer.GetOutputSchema(data.Schema);
        var twice = transformer.GetOutputSchema(once);

        Assert.Equal(SetOf(once["Score"]), SetOf(once["PredictedLabel"]));
        Assert.Equal(SetOf(twice["Score"]), SetOf(twice["PredictedLabel"]));
        Assert.Equal(SetOf(once["Score"]) + 1, SetOf(twice["Score"]));
    }

    [Fact]
    public void Labels_that_are_integers_come_back_as_integers() => LabelsComeBack(i => new Labelled<int> { Label = 10 * (i % 3) });

    [Fact]
    public void Labels_that_are_numbers_come_back_as_numbers()
        => LabelsComeBack(i => new Labelled<float> { Label = i % 3 == 2 ? float.PositiveInfinity : (i % 3) + 0.1f });

    [Fact]
    public void Labels_that_are_doubles_come_back_as_doubles() => LabelsComeBack(i => new Labelled<double> { Label = (i % 3) / 3.0 });

    [Fact]
    public void Labels_that_are_truth_values_come_back_as_truth_values() => LabelsComeBack(i => new Labelled<bool> { Label = i % 2 == 0 }, classes: 2);

    [Fact]
    public void Labels_that_are_times_come_back_as_times()
        => LabelsComeBack(i => new Labelled<DateTime> { Label = new DateTime(2020, 1, 1 + (i % 3), 1, 2, 3, DateTimeKind.Unspecified).AddTicks(i % 3) });

    [Fact]
    public void Labels_that_are_bytes_come_back_as_bytes() => LabelsComeBack(i => new Labelled<byte> { Label = (byte)(250 + (i % 3)) });

    [Fact]
    public void Columns_of_the_same_names_are_hidden()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Vectors(30).Select(r => new WithScore { Features = r.Features, Label = r.Label!, Score = 5, PredictedLabel = "old" });
        var data = Pipelines.WithKeys(ml, ml.Data.LoadFromEnumerable(rows));
        var scored = new ConvNetTrainer(ml, Samples.VectorNetwork(), Pipelines.Quick(epochs: 1)).Fit(data).Transform(data);

        Assert.Equal(2, scored.Schema.Count(c => c.Name == "Score"));
        Assert.IsType<VectorDataViewType>(scored.Schema["Score"].Type);
        Assert.All(scored.GetColumn<float[]>("Score"), s => Assert.Equal(3, s.Length));
        var hidden = scored.Schema.First(c => c.Name == "Score");
        Assert.True(hidden.IsHidden);
        Assert.All(scored.GetColumn<float>(hidden), s => Assert.Equal(5, s));
        Assert.True(ml.MulticlassClassification.Evaluate(scored).MicroAccuracy >= 0);
    }

    [Fact]
    public void The_output_columns_may_have_other_names()
    {
        var ml = new MLContext(seed: 1);
        var options = Pipelines.Quick();
        (options.ScoreColumnName, options.PredictedLabelColumnName) = ("Probability", "Class");
        var pipeline = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork(), options))
            .Append(ml.Transforms.CopyColumns("Copy", "Probability"))
            .Append(ml.Transforms.Conversion.MapKeyToValue("Name", "Class"));
        var data = Pipelines.TrainingData(ml);

        var scored = pipeline.Fit(data).Transform(data);

        Assert.Null(scored.Schema.GetColumnOrNull("Score"));
        Assert.Null(scored.Schema.GetColumnOrNull("PredictedLabel"));
        Assert.Equal(scored.GetColumn<float[]>("Probability"), scored.GetColumn<float[]>("Copy"));
        Assert.All(scored.GetColumn<string>("Name"), name => Assert.Contains(name, Samples.Bars));
        Assert.Equal(3, ml.MulticlassClassification.Evaluate(scored, scoreColumnName: "Probability", predictedLabelColumnName: "Class").ConfusionMatrix.NumberOfClasses);
    }

    [Fact]
    public void A_key_without_names_is_a_label_too()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Vectors(60).Select(r => new Keyed { Features = r.Features, Label = 1 + (uint)(r.Index % 3) });
        var data = ml.Data.LoadFromEnumerable(rows);
        var options = Pipelines.Quick(epochs: 30);
        options.AllowUnseenClasses = true;

        var transformer = new ConvNetTrainer(ml, Samples.VectorNetwork(classes: 4), options).Fit(data);
        var scored = transformer.Transform(data);

        Assert.Null(scored.Schema["PredictedLabel"].Annotations.Schema.GetColumnOrNull("KeyValues"));
        Assert.Null(scored.Schema["Score"].Annotations.Schema.GetColumnOrNull("SlotNames"));
        Assert.True(ml.MulticlassClassification.Evaluate(scored).MicroAccuracy > 0.9);
        Assert.Equal(scored.GetColumn<uint>("Label"), scored.GetColumn<uint>("PredictedLabel"));
    }

    /// <summary>Trains, maps the predictions back, saves and loads, and expects the labels each time.</summary>
    private static void LabelsComeBack<T>(Func<int, Labelled<T>> row, int classes = 3)
        where T : struct
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        var rows = Enumerable.Range(0, 60).Select(i =>
        {
            var labelled = row(i);
            labelled.Features = [.. Enumerable.Range(0, Samples.Size * Samples.Size).Select(p => (0.3f * random.NextSingle()) + (p % Samples.Size / 2 == i % classes ? 0.6f : 0))];
            return labelled;
        }).ToArray();
        var data = ml.Data.LoadFromEnumerable(rows);
        var model = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.ConvNet(Samples.VectorNetwork(classes), Pipelines.Quick(epochs: 30)))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(data);
        using var zip = new MemoryStream();
        ml.Model.Save(model, data.Schema, zip);
        zip.Position = 0;

        var labels = rows.Select(r => r.Label).ToArray();
        Assert.Equal(labels, model.Transform(data).GetColumn<T>("PredictedLabel"));
        Assert.Equal(labels, new MLContext().Model.Load(zip, out _).Transform(data).GetColumn<T>("PredictedLabel"));
    }

    private static SchemaShape ShapeOf(MLContext ml, IDataView data)
    {
        var shape = new Probe();
        shape.Append(ml.Transforms.CopyColumns("Ignored", "Features")).Fit(data);
        return shape.Seen!;
    }

    private static uint SetOf(DataViewSchema.Column column)
    {
        var value = 0u;
        column.Annotations.GetValue("ScoreColumnSetId", ref value);
        return value;
    }

    private static string Text(DataViewSchema.Column column, string annotation)
    {
        ReadOnlyMemory<char> value = default;
        column.Annotations.GetValue(annotation, ref value);
        return value.ToString();
    }

    private static string[] Texts(DataViewSchema.Column column, string annotation)
    {
        VBuffer<ReadOnlyMemory<char>> value = default;
        column.Annotations.GetValue(annotation, ref value);
        return [.. value.DenseValues().Select(t => t.ToString())];
    }

    /// <summary>A stage that lets data through and keeps the shape that a chain shows it.</summary>
    private sealed class Probe : IEstimator<ITransformer>
    {
        public SchemaShape? Seen { get; private set; }

        public ITransformer Fit(IDataView input) => new MLContext().Transforms.CopyColumns("Unused", "Features").Fit(input);

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Seen = inputSchema;
    }

    private sealed class Labelled<T>
    {
        [VectorType(1, Samples.Size, Samples.Size)]
        public float[] Features { get; set; } = [];

        public T Label { get; set; } = default!;
    }

    private sealed class WithScore
    {
        [VectorType(1, Samples.Size, Samples.Size)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";

        public float Score { get; set; }

        public string PredictedLabel { get; set; } = "";
    }

    private sealed class Keyed
    {
        [VectorType(1, Samples.Size, Samples.Size)]
        public float[] Features { get; set; } = [];

        [KeyType(4)]
        public uint Label { get; set; }
    }
}

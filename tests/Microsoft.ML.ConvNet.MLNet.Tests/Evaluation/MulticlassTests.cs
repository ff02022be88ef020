using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class MulticlassTests
{
    private readonly MLContext _context = new(1);

    // Class 1 is right once and once wrong (taken for 2), class 2 is right, class 3 is wrong (a tie that goes to the first), one label is missing.
    private readonly Scored[] _rows =
    [
        new(1, 0.7f, 0.2f, 0.1f),
        new(1, 0.3f, 0.6f, 0.1f),
        new(2, 0.1f, 0.8f, 0.1f),
        new(3, 0.4f, 0.2f, 0.4f),
        new(0, 1f, 0f, 0f),
    ];

    [Fact]
    public void Accuracies_and_losses_are_as_by_hand()
    {
        var metrics = Evaluate(_rows);
        var logLoss = -(Math.Log(0.7f) + Math.Log(0.3f) + Math.Log(0.8f) + Math.Log(0.4f)) / 4;
        var prior = -(0.5 * Math.Log(0.5) + 0.25 * Math.Log(0.25) * 2);

        Assert.Equal(0.5, metrics.MicroAccuracy, 10);
        Assert.Equal((0.5 + 1 + 0) / 3, metrics.MacroAccuracy, 10);
        Assert.Equal(logLoss, metrics.LogLoss, 6);
        Assert.Equal((prior - logLoss) / prior, metrics.LogLossReduction, 6);
        Assert.Equal([-(Math.Log(0.7f) + Math.Log(0.3f)) / 2, -Math.Log(0.8f), -Math.Log(0.4f)], metrics.PerClassLogLoss, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Top_k_counts_ties_by_the_order_of_classes()
    {
        var metrics = Evaluate(_rows, topK: 3);

        Assert.Equal(3, metrics.TopKPredictionCount);
        Assert.Equal(1.0, metrics.TopKAccuracy, 10);
        Assert.Equal([0.5, 1.0, 1.0], metrics.TopKAccuracyForAllK, (a, b) => Math.Abs(a - b) < 1e-10);
        Assert.Equal(0, Evaluate(_rows).TopKAccuracy);
    }

    [Fact]
    public void The_confusion_matrix_has_actual_classes_in_rows()
    {
        var matrix = Evaluate(_rows).ConfusionMatrix;

        Assert.Equal(3, matrix.NumberOfClasses);
        Assert.Equal([1.0, 1, 0], matrix.Counts[0]);
        Assert.Equal([0.0, 1, 0], matrix.Counts[1]);
        Assert.Equal([1.0, 0, 0], matrix.Counts[2]);
        Assert.Equal([0.5, 0.5, 0], matrix.PerClassPrecision);
        Assert.Equal([0.5, 1, 0], matrix.PerClassRecall);
        Assert.Equal(1, matrix.GetCountForClassPair(predictedClassIndicatorIndex: 1, actualClassIndicatorIndex: 0));
        Assert.Equal(0, matrix.GetCountForClassPair(predictedClassIndicatorIndex: 0, actualClassIndicatorIndex: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.GetCountForClassPair(3, 0));
        Assert.Contains("PREDICTED ||     0 |     1 |     2 | Recall", matrix.GetFormattedConfusionTable(), StringComparison.Ordinal);
        Assert.Contains("        0 ||     1 |     1 |     0 | 0.5000", matrix.GetFormattedConfusionTable(), StringComparison.Ordinal);
        Assert.Contains("Precision ||0.5000 |0.5000 |0.0000 |", matrix.GetFormattedConfusionTable(), StringComparison.Ordinal);
    }

    [Fact]
    public void Probabilities_are_clamped_away_from_zero()
    {
        var metrics = Evaluate(new Scored(1, 0, 0.5f, 0.5f), new Scored(2, 0, 1, 0));

        Assert.Equal(-Math.Log(1e-15f) / 2, metrics.LogLoss, 6);
    }

    [Fact]
    public void Rows_without_finite_scores_are_left_out()
    {
        var metrics = Evaluate(new Scored(1, 1, 0, 0), new Scored(2, float.NaN, 0, 0));

        Assert.Equal(1, metrics.MicroAccuracy);
        Assert.Equal(0, metrics.ConfusionMatrix.Counts[1].Sum());
    }

    [Fact]
    public void Class_names_come_from_the_slots_of_the_score()
    {
        var definition = SchemaDefinition.Create(typeof(Scored), SchemaDefinition.Direction.Read);
        ReadOnlyMemory<char>[] names = ["ant".AsMemory(), "bee".AsMemory(), "cow".AsMemory()];
        definition["Score"].AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(3, names), new VectorDataViewType(TextDataViewType.Instance, 3));
        var metrics = _context.MulticlassClassification.Evaluate(_context.Data.LoadFromEnumerable(_rows, definition));

        Assert.Contains("PREDICTED ||   ant |   bee |   cow | Recall", metrics.ConfusionMatrix.GetFormattedConfusionTable(), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_columns_are_named()
    {
        var view = _context.Data.LoadFromEnumerable(_rows);
        string Message(Action evaluate) => Assert.Throws<ArgumentOutOfRangeException>(evaluate).Message;

        Assert.Contains("Nothing column 'Label' not found", Message(() => _context.MulticlassClassification.Evaluate(view, "Nothing")), StringComparison.Ordinal);
        Assert.Contains("Nothing column 'Score' not found", Message(() => _context.MulticlassClassification.Evaluate(view, scoreColumnName: "Nothing")), StringComparison.Ordinal);
        Assert.Contains(
            "Schema mismatch for score column 'Weight': expected vector of two or more items of type Single, got Single",
            Message(() => _context.MulticlassClassification.Evaluate(view, scoreColumnName: "Weight")),
            StringComparison.Ordinal);
        Assert.Contains(
            "Schema mismatch for label column 'Score': expected Single or Key, got Vector<Single, 3>",
            Message(() => _context.MulticlassClassification.Evaluate(view, labelColumnName: "Score")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Cross_validation_evaluates_every_fold()
    {
        var rows = Enumerable.Range(0, 60).Select(i => new Scored((uint)(i % 3) + 1, i % 3 == 0 ? 1 : 0, i % 3 == 1 ? 1 : 0, i % 3 == 2 ? 1 : 0)).ToList();
        var results = _context.MulticlassClassification.CrossValidate(_context.Data.LoadFromEnumerable(rows), _context.Transforms.CopyColumns("Copy", "Weight"), numberOfFolds: 3);

        Assert.Equal([0, 1, 2], results.Select(result => result.Fold));
        Assert.All(results, result => Assert.Equal(1, result.Metrics.MicroAccuracy));
        Assert.Equal(60, results.Sum(result => result.ScoredHoldOutSet.GetColumn<float>("Copy").Count()));
    }

    private MulticlassClassificationMetrics Evaluate(params Scored[] rows) => Evaluate(rows, 0);

    private MulticlassClassificationMetrics Evaluate(Scored[] rows, int topK) =>
        _context.MulticlassClassification.Evaluate(_context.Data.LoadFromEnumerable(rows), topKPredictionCount: topK);

    // Members count classes from 0: no class wraps around to a number that is none.
    private sealed class Scored(uint label, float a, float b, float c)
    {
        [KeyType(3)]
        public uint Label { get; } = unchecked(label - 1);

        [KeyType(3)]
        public uint PredictedLabel { get; }

        [VectorType(3)]
        public float[] Score { get; } = [a, b, c];

        public float Weight { get; } = 1;
    }
}

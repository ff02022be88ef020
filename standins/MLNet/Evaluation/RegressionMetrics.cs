// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: the metrics of a regression.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed class RegressionMetrics
{
    internal RegressionMetrics()
    {
    }

    public double MeanAbsoluteError { get; internal init; }

    public double MeanSquaredError { get; internal init; }

    public double RootMeanSquaredError { get; internal init; }

    public double LossFunction { get; internal init; }

    public double RSquared { get; internal init; }
}

internal static class RegressionEvaluator
{
    public static RegressionMetrics Evaluate(IDataView data, string label, string score)
    {
        var labelColumn = Evaluation.Column(data, "Label", label);
        var scoreColumn = Evaluation.Column(data, "Score", score);
        foreach (var (role, column) in new[] { ("score", scoreColumn), ("label", labelColumn) })
        {
            if (column.Type != NumberDataViewType.Single)
                throw Contracts.SchemaMismatch("schema", role, column.Name, "Single", column.Type.ToString());
        }

        double rows = 0, absolute = 0, squared = 0, labels = 0, squaredLabels = 0;
        using var cursor = data.GetRowCursor([labelColumn, scoreColumn]);
        var getLabel = cursor.GetGetter<float>(cursor.Schema[labelColumn.Index]);
        var getScore = cursor.GetGetter<float>(cursor.Schema[scoreColumn.Index]);
        float actual = 0, predicted = 0;
        while (cursor.MoveNext())
        {
            getLabel(ref actual);
            getScore(ref predicted);
            // A row without a label or with a score that is not a number says nothing.
            if (float.IsNaN(actual) || float.IsNaN(predicted))
                continue;
            var error = Math.Abs((double)actual - predicted);
            rows++;
            absolute += error;
            squared += error * error;
            labels += actual;
            squaredLabels += (double)actual * actual;
        }

        var deviation = squaredLabels - labels * labels / rows;
        return new RegressionMetrics
        {
            MeanAbsoluteError = rows > 0 ? absolute / rows : 0,
            MeanSquaredError = rows > 0 ? squared / rows : 0,
            RootMeanSquaredError = rows > 0 ? Math.Sqrt(squared / rows) : 0,
            LossFunction = rows > 0 ? squared / rows : 0,
            RSquared = rows == 0 ? 0 : deviation == 0 ? double.NaN : 1 - squared / deviation,
        };
    }
}

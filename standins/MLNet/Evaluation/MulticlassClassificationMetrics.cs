// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: the metrics of a multiclass classifier.
using System.Globalization;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed class MulticlassClassificationMetrics
{
    internal MulticlassClassificationMetrics()
    {
    }

    public double LogLoss { get; internal init; }

    public double LogLossReduction { get; internal init; }

    public double MacroAccuracy { get; internal init; }

    public double MicroAccuracy { get; internal init; }

    public double TopKAccuracy => TopKAccuracyForAllK is { Count: > 0 } all ? all[^1] : 0;

    public int TopKPredictionCount { get; internal init; }

    public IReadOnlyList<double> TopKAccuracyForAllK { get; internal init; }

    public IReadOnlyList<double> PerClassLogLoss { get; internal init; }

    public ConfusionMatrix ConfusionMatrix { get; internal init; }
}

public sealed class ConfusionMatrix
{
    private readonly string[] _names;

    internal ConfusionMatrix(double[][] counts, string[] names)
    {
        _names = names;
        Counts = counts;
        NumberOfClasses = counts.Length;
        PerClassRecall = counts.Select((row, i) => Ratio(row[i], row.Sum())).ToArray();
        PerClassPrecision = counts.Select((row, i) => Ratio(row[i], counts.Sum(other => other[i]))).ToArray();
    }

    public IReadOnlyList<double> PerClassPrecision { get; }

    public IReadOnlyList<double> PerClassRecall { get; }

    /// <summary>Rows are the actual classes, columns the predicted ones.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Counts { get; }

    public int NumberOfClasses { get; }

    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        foreach (var (index, name) in new[] { (predictedClassIndicatorIndex, nameof(predictedClassIndicatorIndex)), (actualClassIndicatorIndex, nameof(actualClassIndicatorIndex)) })
            Contracts.CheckParam(index >= 0 && index < NumberOfClasses, name, "Invalid index. Should be non-negative, less than the number of classes.");
        return Counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }

    public string GetFormattedConfusionTable()
    {
        var column = NumberOfClasses == 2 ? 8 : 5;
        var longest = _names.Max(name => name.Length);
        // Names too long for a heading are numbered there, and beside the row.
        var digits = longest > column ? (NumberOfClasses - 1).ToString(CultureInfo.InvariantCulture).Length : 0;
        var label = Math.Max(9, longest + (digits > 0 ? digits + 2 : 0));
        var rule = new string('=', NumberOfClasses * (column + 3));

        var table = new StringBuilder().AppendLine().AppendLine("Confusion table");
        Row("", rule, "");
        Row("PREDICTED", string.Concat(_names.Select((name, i) => $" {(digits > 0 ? Text(i) : name).PadLeft(column)} |")), " Recall");
        Row("TRUTH", rule, "");
        for (var i = 0; i < NumberOfClasses; i++)
        {
            var name = digits > 0 ? $"{Text(i).PadLeft(digits)}. {_names[i].PadLeft(label - digits - 2)}" : _names[i].PadLeft(label);
            var cells = string.Concat(Counts[i].Select(count => $" {count.ToString("N0", CultureInfo.CurrentCulture).PadLeft(column)} |"));
            Row(name, cells, $" {PerClassRecall[i],5:F4}");
        }
        Row("", rule, "");
        Row("Precision", string.Concat(PerClassPrecision.Select(precision => $"{precision.ToString("N4", CultureInfo.CurrentCulture).PadLeft(column + 1)} |")), "");
        return table.ToString();

        string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        void Row(string head, string cells, string tail) => table.Append(head.PadRight(label)).Append(" ||").Append(cells).AppendLine(tail);
    }

    private static double Ratio(double part, double whole) => whole > 0 ? part / whole : 0;
}

namespace Microsoft.ML.ConvNet;

/// <summary>
/// How often each class was taken for each other: the source of accuracy, precision, recall, F1 and intersection over union. Also for
/// segmentation, with a count for each pixel.
/// </summary>
public sealed class ConfusionTable
{
    private readonly long[,] _counts;

    /// <summary>An empty table.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are none.</exception>
    public ConfusionTable(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        _counts = new long[classes, classes];
    }

    /// <summary>The number of classes.</summary>
    public int Classes => _counts.GetLength(0);

    /// <summary>The number of predictions.</summary>
    public long Total { get; private set; }

    /// <summary>How often a class was predicted as another.</summary>
    public long this[int actual, int predicted] => _counts[actual, predicted];

    /// <summary>Σ right / all: for pixels the pixel accuracy. NaN without predictions.</summary>
    public double Accuracy => (double)Enumerable.Range(0, Classes).Sum(c => _counts[c, c]) / Total;

    /// <summary>The mean of <see cref="IntersectionOverUnion"/> over the classes that occur, as labels or as predictions.</summary>
    public double MeanIntersectionOverUnion => Mean(IntersectionOverUnion);

    /// <summary>The mean of <see cref="Precision"/> over the classes that were predicted.</summary>
    public double MacroPrecision => Mean(Precision);

    /// <summary>The mean of <see cref="Recall"/> over the classes that occur: the macro accuracy.</summary>
    public double MacroRecall => Mean(Recall);

    /// <summary>The mean of <see cref="F1"/> over the classes that occur, as labels or as predictions.</summary>
    public double MacroF1 => Mean(F1);

    /// <summary>Counts one prediction.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public void Add(int actual, int predicted)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)actual, (uint)Classes, nameof(actual));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)predicted, (uint)Classes, nameof(predicted));
        _counts[actual, predicted]++;
        Total++;
    }

    /// <summary>Counts predictions.</summary>
    /// <param name="actual">The right classes.</param>
    /// <param name="predicted">The predicted classes.</param>
    /// <param name="ignore">A right class that does not count; none by default.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Add(ReadOnlySpan<int> actual, ReadOnlySpan<int> predicted, int? ignore = null)
    {
        if (actual.Length != predicted.Length)
            throw new ArgumentException($"There are {actual.Length} right classes and {predicted.Length} predictions.", nameof(predicted));
        for (var i = 0; i < actual.Length; i++)
        {
            if (actual[i] != ignore)
                Add(actual[i], predicted[i]);
        }
    }

    /// <summary>The share of right ones among those that were predicted as the class; NaN where none were.</summary>
    public double Precision(int classIndex) => (double)_counts[classIndex, classIndex] / Predicted(classIndex);

    /// <summary>The share of right ones among those that are of the class; NaN where none are.</summary>
    public double Recall(int classIndex) => (double)_counts[classIndex, classIndex] / Actual(classIndex);

    /// <summary>The harmonic mean of precision and recall: 2·right/(predicted + actual).</summary>
    public double F1(int classIndex) => 2.0 * _counts[classIndex, classIndex] / (Predicted(classIndex) + Actual(classIndex));

    /// <summary>right/(predicted + actual − right), the Jaccard index (Everingham et al. 2010, section 4.3); NaN where the class does not occur.</summary>
    public double IntersectionOverUnion(int classIndex)
        => (double)_counts[classIndex, classIndex] / (Predicted(classIndex) + Actual(classIndex) - _counts[classIndex, classIndex]);

    private long Actual(int classIndex) => Enumerable.Range(0, Classes).Sum(c => _counts[classIndex, c]);

    private long Predicted(int classIndex) => Enumerable.Range(0, Classes).Sum(c => _counts[c, classIndex]);

    /// <summary>The mean over the classes for which the value is defined; NaN where there is none.</summary>
    private double Mean(Func<int, double> value)
        => Enumerable.Range(0, Classes).Select(value).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average();
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: how a multiclass classifier is measured.
using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal static class MulticlassEvaluator
{
    private const float SmallestProbability = 1e-15f;

    public static MulticlassClassificationMetrics Evaluate(IHostEnvironment env, IDataView data, string label, string score, string predictedLabel, int topK)
    {
        var labelColumn = Evaluation.Column(data, "Label", label);
        var scoreColumn = Evaluation.Column(data, "Score", score);
        Evaluation.Column(data, "PredictedLabel", predictedLabel);
        if (scoreColumn.Type is not VectorDataViewType { Size: >= 2 } scoreType || scoreType.ItemType != NumberDataViewType.Single)
            throw Contracts.SchemaMismatch("schema", "score", score, "vector of two or more items of type Single", scoreColumn.Type.ToString());
        if (labelColumn.Type != NumberDataViewType.Single && labelColumn.Type is not KeyDataViewType)
            throw Contracts.SchemaMismatch("schema", "label", label, "Single or Key", labelColumn.Type.ToString());

        var counters = new Counters(scoreType.Size);
        using (var cursor = data.GetRowCursor([labelColumn, scoreColumn]))
        {
            var getLabel = Evaluation.LabelGetter(cursor, cursor.Schema[labelColumn.Index]);
            var getScores = cursor.GetGetter<VBuffer<float>>(cursor.Schema[scoreColumn.Index]);
            VBuffer<float> buffer = default;
            var scores = new float[scoreType.Size];
            while (cursor.MoveNext())
            {
                var actual = getLabel();
                // Rows without a label, or with one that is no class, are skipped; so are rows whose scores are not finite.
                if (float.IsNaN(actual) || actual < 0 || actual != (int)actual)
                    continue;
                getScores(ref buffer);
                buffer.CopyTo(scores);
                if (Array.TrueForAll(scores, float.IsFinite))
                    counters.Add((int)actual, scores);
            }
        }
        if (counters.UnknownClasses > 0)
        {
            using var channel = env.Start("MultiClassClassifierEvaluator");
            channel.Warning(
                MessageSensitivity.None,
                $"Found {counters.UnknownClasses} test instances with class values not seen in the training set. LogLoss is reported higher than usual because of these instances.");
        }
        return counters.ToMetrics(topK, ClassNames(scoreColumn, scoreType.Size));
    }

    private static string[] ClassNames(DataViewSchema.Column score, int classes)
    {
        if (score.Annotations.Schema.GetColumnOrNull("SlotNames")?.Type is not VectorDataViewType { IsKnownSize: true, ItemType: TextDataViewType })
            return Enumerable.Range(0, classes).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToArray();
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.Annotations.GetValue("SlotNames", ref names);
        return names.DenseValues().Select(name => name.ToString()).ToArray();
    }

    private sealed class Counters(int classes)
    {
        private readonly double[] _rowsOfClass = new double[classes];
        private readonly double[] _logLossOfClass = new double[classes];
        private readonly double[] _ranks = new double[classes + 1];
        private readonly double[][] _confusion = Enumerable.Range(0, classes).Select(_ => new double[classes]).ToArray();
        private double _rows;
        private double _correct;
        private double _logLoss;

        public long UnknownClasses { get; private set; }

        public void Add(int label, float[] scores)
        {
            var isKnown = label < classes;
            var probability = isKnown ? scores[label] : 0;
            var loss = -Math.Log(Math.Min(1, Math.Max(SmallestProbability, probability)));

            // Among equal scores the first class wins. A class that was never trained comes after all others of equal score.
            var rank = 0;
            var assigned = 0;
            for (var i = 0; i < classes; i++)
            {
                if (scores[i] > probability || (scores[i] == probability && i < label))
                    rank++;
                if (scores[i] > scores[assigned])
                    assigned = i;
            }

            _rows++;
            _logLoss += loss;
            _ranks[rank]++;
            if (rank == 0)
                _correct++;
            if (!isKnown)
            {
                UnknownClasses++;
                return;
            }
            _rowsOfClass[label]++;
            _logLossOfClass[label] += loss;
            _confusion[label][rank == 0 ? label : assigned]++;
        }

        public MulticlassClassificationMetrics ToMetrics(int topK, string[] names)
        {
            var logLoss = _rows > 0 ? _logLoss / _rows : 0;
            var entropy = -_rowsOfClass.Where(rows => rows > 0).Sum(rows => rows * Math.Log(rows / _rows)) / _rows;
            var nonEmpty = Enumerable.Range(0, classes).Where(i => _rowsOfClass[i] > 0).ToArray();
            double[] allK = null;
            if (topK > 0)
            {
                allK = new double[Math.Min(topK, _ranks.Length)];
                var seen = 0.0;
                for (var k = 0; k < allK.Length; k++)
                {
                    seen += _ranks[k] / _rows;
                    allK[k] = seen;
                }
            }
            return new MulticlassClassificationMetrics
            {
                LogLoss = logLoss,
                LogLossReduction = (entropy - logLoss) / entropy,
                MicroAccuracy = _rows > 0 ? _correct / _rows : 0,
                MacroAccuracy = nonEmpty.Length > 0 ? nonEmpty.Average(i => _confusion[i][i] / _rowsOfClass[i]) : 0,
                PerClassLogLoss = Enumerable.Range(0, classes).Select(i => _rowsOfClass[i] > 0 ? _logLossOfClass[i] / _rowsOfClass[i] : 0).ToArray(),
                TopKPredictionCount = topK,
                TopKAccuracyForAllK = allK,
                ConfusionMatrix = new ConfusionMatrix(_confusion, names),
            };
        }
    }
}

internal static class Evaluation
{
    public static DataViewSchema.Column Column(IDataView data, string role, string name) =>
        data.Schema.GetColumnOrNull(name) ?? throw new ArgumentOutOfRangeException("schema", $"{name} column '{role}' not found");

    /// <summary>Class indices from 0, or the number itself; not a number when the label is missing.</summary>
    public static Func<float> LabelGetter(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is KeyDataViewType)
            return (Func<float>)Views.Generic(nameof(Views.KeyIndex), column.Type.RawType).Invoke(null, [row, column]);
        var getter = row.GetGetter<float>(column);
        var value = 0f;
        return () =>
        {
            getter(ref value);
            return value;
        };
    }
}

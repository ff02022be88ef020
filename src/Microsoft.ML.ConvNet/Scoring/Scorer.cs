using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Data;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// Probabilities for a batch of rows. The rows are filled in one by one, then scored at once; a scorer is used by one thread, and
/// all scorers of a transformer share its compiled networks.
/// </summary>
internal sealed class Scorer(ConvNetTransformer transformer, FeatureReader features, int classes, int maxBatch)
{
    private readonly float[] _inputs = new float[maxBatch * features.RowFloats];
    private readonly float[] _scores = new float[maxBatch * classes];

    /// <summary>Binds the scorer to the rows of a cursor; the result fills in one row of the batch.</summary>
    public Action<int> Bind(DataViewRow row)
    {
        var read = features.Bind(row);
        return index => read(MemoryMarshal.AsBytes(_inputs.AsSpan(index * features.RowFloats, features.RowFloats))[..features.RowBytes]);
    }

    /// <summary>Scores the first <paramref name="rows"/> rows.</summary>
    public void Score(int rows)
        => transformer.Predict(maxBatch, features.HasPixels, _inputs.AsSpan(0, rows * features.RowFloats), _scores.AsSpan(0, rows * classes));

    /// <summary>The probabilities of a row.</summary>
    public ReadOnlySpan<float> Scores(int row) => _scores.AsSpan(row * classes, classes);

    /// <summary>The key of the most probable class of a row; classes count from 1. Missing, 0, where no score is a number.</summary>
    public uint PredictedKey(int row)
    {
        var scores = Scores(row);
        var (key, best) = (0u, float.NegativeInfinity);
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] > best)
                (key, best) = ((uint)i + 1, scores[i]);
        }

        return key;
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Adds up losses and right predictions, run by run, of a plan whose outputs are the mean loss and, where they are counted, the right predictions. They are kept in the memory of the
/// backend and read together: a device that is read after each run would have nothing to do meanwhile.
/// </summary>
internal sealed class LossTotals(Plan plan, IBackend backend, bool countsCorrect) : IDisposable
{
    /// <summary>The most runs that are kept.</summary>
    private const int Capacity = 64;

    private readonly int _runLength = RunLength(plan, countsCorrect);
    private readonly DeviceBuffer _kept = backend.Allocate((long)Capacity * RunLength(plan, countsCorrect));
    private readonly List<int> _unread = [];
    private double _loss;
    private double _correct;
    private long _samples;

    /// <summary>Whether what is kept must be read before the next run is added.</summary>
    public bool IsFull => _unread.Count == Capacity;

    /// <summary>The mean of all runs that were read.</summary>
    public Evaluation Mean => new(_loss / _samples, countsCorrect ? _correct / _samples : double.NaN);

    /// <summary>Begins a new sum.</summary>
    public void Clear()
    {
        (_loss, _correct, _samples) = (0, 0, 0);
        _unread.Clear();
    }

    /// <summary>Keeps the outputs of the last run, of so many samples.</summary>
    public void Add(int count)
    {
        var place = (long)_unread.Count * _runLength;
        plan.Copy(0, 1, _kept, place);
        if (countsCorrect)
            plan.Copy(1, count, _kept, place + 1);
        _unread.Add(count);
    }

    /// <summary>Adds up what was kept, and returns the losses of these runs. This waits for a device.</summary>
    public float[] Read()
    {
        var values = new float[_unread.Count * _runLength];
        _kept.Read(0, values);
        foreach (var (run, count) in _unread.Index())
        {
            var outputs = values.AsSpan(run * _runLength, _runLength);
            _loss += (double)outputs[0] * count;
            _samples += count;
            if (!countsCorrect)
                continue;
            foreach (var correct in outputs.Slice(1, count))
                _correct += correct;
        }

        float[] losses = [.. _unread.Select((_, run) => values[run * _runLength])];
        _unread.Clear();
        return losses;
    }

    public void Dispose() => _kept.Dispose();

    /// <summary>The floats of a run: its loss, and whether each sample was right.</summary>
    private static int RunLength(Plan plan, bool countsCorrect) => countsCorrect ? 1 + plan.MaxBatch : 1;
}

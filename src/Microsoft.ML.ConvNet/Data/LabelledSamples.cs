using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Data;

/// <summary>
/// The rows of a data view that have a label, read once and kept: ML.NET's own caches drop images, and reading again would
/// decode every file again in each epoch. The trainer shuffles them by index.
/// </summary>
internal sealed class LabelledSamples : IPixelSource, IDisposable
{
    private readonly FeatureReader _reader;
    private readonly SampleStore _store;
    private readonly List<Entry> _entries = [];
    private readonly ThreadLocal<byte[]> _row;
    private volatile bool _failed;

    private LabelledSamples(FeatureReader reader, Shape inputShape, long cacheBytes, string? folder)
    {
        (_reader, InputShape) = (reader, inputShape);
        _store = new SampleStore(reader.RowBytes, cacheBytes, folder);
        _row = new(() => new byte[reader.RowBytes]);
    }

    public int Count => _entries.Count;

    public Shape InputShape { get; }

    public Shape TargetShape => [1];

    public bool HasPixels => _reader.HasPixels;

    /// <summary>The number of rows without a label, which are left out.</summary>
    public int Unlabelled { get; private set; }

    /// <summary>The number of rows of each class.</summary>
    public int[] ClassCounts(int classes)
    {
        var counts = new int[classes];
        foreach (var entry in _entries)
            counts[entry.Class]++;
        return counts;
    }

    /// <summary>A short text that tells these rows, in their order, from others.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var row = new byte[_reader.RowBytes];
        Span<byte> label = stackalloc byte[sizeof(int)];
        foreach (var entry in _entries)
        {
            BinaryPrimitives.WriteInt32LittleEndian(label, entry.Class);
            _store.Read(entry.Row, row);
            hash.AppendData(label);
            hash.AppendData(row);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    /// <summary>Reads all rows, on as many threads as the data view offers.</summary>
    public static LabelledSamples Read(
        IDataView data, DataViewSchema.Column features, DataViewSchema.Column label, Node input, int threads,
        long cacheBytes, string? folder, CancellationToken cancellation)
    {
        var samples = new LabelledSamples(FeatureReader.For(features, input), input.Shape, cacheBytes, folder);
        try
        {
            samples.ReadAll(data, features, label, threads, cancellation);
            return samples;
        }
        catch
        {
            samples.Dispose();
            throw;
        }
    }

    public void Read(ReadOnlySpan<int> samples, Span<float> inputs, Span<float> targets)
    {
        var length = InputShape.Length;
        var row = _row.Value!;
        for (var i = 0; i < samples.Length; i++)
        {
            var entry = _entries[samples[i]];
            _store.Read(entry.Row, row);
            _reader.Decode(row, inputs.Slice(i * length, length));
            targets[i] = entry.Class;
        }
    }

    public void ReadPixels(int sample, Span<byte> pixels, Span<float> target)
    {
        var entry = _entries[sample];
        _store.Read(entry.Row, pixels);
        target[0] = entry.Class;
    }

    public void Dispose()
    {
        _store.Dispose();
        _row.Dispose();
    }

    private void ReadAll(IDataView data, DataViewSchema.Column features, DataViewSchema.Column label, int threads, CancellationToken cancellation)
    {
        // One cursor decodes images on one thread; a set of cursors decodes them on many.
        var cursors = data.GetRowCursorSet([features, label], threads);
        try
        {
            // A thread for each: the cursors of a set may wait for each other's rows to be taken.
            var readers = cursors.Select(c => Task.Factory.StartNew(
                () => ReadCursor(c, label, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            Task.WhenAll(readers).GetAwaiter().GetResult();
        }
        finally
        {
            foreach (var cursor in cursors)
                cursor.Dispose();
        }

        // Back into the order of the data, which the threads have mixed.
        _entries.Sort((a, b) => (a.Batch, a.Position).CompareTo((b.Batch, b.Position)));
    }

    private void ReadCursor(DataViewRowCursor cursor, DataViewSchema.Column label, CancellationToken cancellation)
    {
        // Disposed here too, so that the others do not wait when this one fails.
        using var disposed = cursor;
        try
        {
            ReadRows(cursor, label, cancellation);
        }
        catch
        {
            // The others need not read on.
            _failed = true;
            throw;
        }
    }

    private void ReadRows(DataViewRowCursor cursor, DataViewSchema.Column label, CancellationToken cancellation)
    {
        var readFeatures = _reader.Bind(cursor);
        var readLabel = LabelReader.Bind(cursor, cursor.Schema[label.Name]);
        var row = new byte[_reader.RowBytes];
        while (!_failed && cursor.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            var key = readLabel();
            if (key == 0)
            {
                lock (_entries)
                    Unlabelled++;
                continue;
            }

            readFeatures(row);
            var entry = new Entry(cursor.Batch, cursor.Position, (int)(key - 1), _store.Add(row));
            lock (_entries)
                _entries.Add(entry);
        }
    }

    private readonly record struct Entry(long Batch, long Position, int Class, int Row);
}

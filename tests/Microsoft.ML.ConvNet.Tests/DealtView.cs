using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>
/// A data view whose sets of cursors deal out the rows in batches of seven, and in the wrong order: each cursor waits until the next one has given all its rows.
/// They must be read side by side.
/// </summary>
internal sealed class DealtView(IDataView inner) : IDataView
{
    private const int BatchSize = 7;

    public DataViewSchema Schema => inner.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => inner.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => inner.GetRowCursor(columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var isDone = Enumerable.Range(0, n).Select(_ => new TaskCompletionSource()).ToArray();
        return [.. Enumerable.Range(0, n).Select(i => new Cursor(
            inner.GetRowCursor(columnsNeeded), n, i, i + 1 < n ? isDone[i + 1].Task : Task.CompletedTask, isDone[i]))];
    }

    private sealed class Cursor(DataViewRowCursor inner, int cursors, int index, Task next, TaskCompletionSource isDone) : DataViewRowCursor
    {
        private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

        private long _position = -1;

        public override DataViewSchema Schema => inner.Schema;

        public override long Position => _position;

        public override long Batch => inner.Position / BatchSize;

        public override bool MoveNext()
        {
            if (!next.Wait(_patience))
                throw new TimeoutException($"Cursor {index + 1} of {cursors} was not read to its end while cursor {index} was waited for.");
            while (inner.MoveNext())
            {
                if (Batch % cursors != index)
                    continue;
                _position++;
                return true;
            }

            isDone.TrySetResult();
            return false;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => inner.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            isDone.TrySetResult();
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

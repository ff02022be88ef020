using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>A data view whose sets of cursors deal out the rows in batches of seven, the last cursor ahead of the others.</summary>
internal sealed class DealtView(IDataView inner) : IDataView
{
    private const int BatchSize = 7;

    public DataViewSchema Schema => inner.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => inner.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => inner.GetRowCursor(columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [.. Enumerable.Range(0, n).Select(i => new Cursor(inner.GetRowCursor(columnsNeeded), n, i))];

    private sealed class Cursor(DataViewRowCursor inner, int cursors, int index) : DataViewRowCursor
    {
        private long _position = -1;

        public override DataViewSchema Schema => inner.Schema;

        public override long Position => _position;

        public override long Batch => inner.Position / BatchSize;

        public override bool MoveNext()
        {
            // The others wait, so that rows arrive out of order.
            if (_position < 0)
                Thread.Sleep(10 * (cursors - index));
            while (inner.MoveNext())
            {
                if (Batch % cursors != index)
                    continue;
                _position++;
                return true;
            }

            return false;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => inner.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

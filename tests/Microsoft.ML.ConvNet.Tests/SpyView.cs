using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>A data view that notes which columns are asked for, and that its cursors are disposed.</summary>
internal sealed class SpyView(IDataView inner) : IDataView
{
    private int _opened;
    private int _closed;

    /// <summary>The columns that cursors were opened with.</summary>
    public List<string> Asked { get; } = [];

    public int Opened => _opened;

    public int Closed => _closed;

    public DataViewSchema Schema => inner.Schema;

    public bool CanShuffle => inner.CanShuffle;

    public long? GetRowCount() => inner.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var columns = columnsNeeded.ToArray();
        Asked.AddRange(columns.Select(c => c.Name));
        Interlocked.Increment(ref _opened);
        return new Cursor(this, inner.GetRowCursor(columns, rand));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(SpyView view, DataViewRowCursor inner) : DataViewRowCursor
    {
        private bool _disposed;

        public override DataViewSchema Schema => inner.Schema;

        public override long Position => inner.Position;

        public override long Batch => inner.Batch;

        public override bool MoveNext() => inner.MoveNext();

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => inner.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_disposed)
            {
                _disposed = true;
                Interlocked.Increment(ref view._closed);
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

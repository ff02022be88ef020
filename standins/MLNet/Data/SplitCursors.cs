// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: one cursor shared by several, so that the work behind them runs in parallel.
namespace Microsoft.ML.Data;

internal static class SplitCursors
{
    private const int RowsPerBatch = 32;

    /// <summary>Cursors that take batches of rows from the input in turn; only columns that can be copied allow it.</summary>
    public static DataViewRowCursor[] Create(DataViewRowCursor input, int n)
    {
        var canCopy = input.Schema.All(column => !input.IsColumnActive(column) || column.Type.IsCacheable());
        if (n <= 1 || !canCopy)
            return [input];
        var source = new Source(input, n);
        return Enumerable.Range(0, n).Select(DataViewRowCursor (_) => new Cursor(source)).ToArray();
    }

    private sealed class Source(DataViewRowCursor input, int cursors)
    {
        private readonly object _gate = new();
        private int _open = cursors;
        private long _batches;

        public DataViewRowCursor Input => input;

        public RowBuffer CreateBuffer() => new(input);

        public int Fill(RowBuffer buffer, out long batch)
        {
            lock (_gate)
            {
                batch = _batches++;
                var rows = 0;
                while (rows < RowsPerBatch && input.MoveNext())
                    buffer.CopyTo(rows++);
                return rows;
            }
        }

        public void Close()
        {
            if (Interlocked.Decrement(ref _open) == 0)
                input.Dispose();
        }
    }

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly Source _source;
        private readonly RowBuffer _buffer;
        private int _rows;
        private int _row = -1;
        private long _batch;
        private long _position = -1;
        private bool _done;

        public Cursor(Source source)
        {
            _source = source;
            _buffer = source.CreateBuffer();
        }

        public override DataViewSchema Schema => _source.Input.Schema;

        public override long Position => _position;

        public override long Batch => _batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _source.Input.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _buffer.IdGetterAt(() => _row);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Views.CastGetter<TValue>(_buffer.GetterAt(column, () => _row));

        public override bool MoveNext()
        {
            if (_done)
                return false;
            if (++_row >= _rows)
            {
                _rows = _source.Fill(_buffer, out _batch);
                _row = 0;
                _done = _rows == 0;
                if (_done)
                {
                    _position = -1;
                    return false;
                }
            }
            _position++;
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _source.Close();
            base.Dispose(disposing);
        }
    }
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: columns read once and kept in memory; images are dropped.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class CacheView : IDataView
{
    private readonly IDataView _input;
    private readonly ColumnBuffer[] _columns;
    private readonly object _gate = new();
    private long? _rows;

    public CacheView(IDataView input, string[] prefetch)
    {
        foreach (var name in prefetch ?? [])
        {
            var column = input.Schema.GetColumnOrNull(name) ?? throw Contracts.MissingColumn("columnsToPrefetch", "prefetch", name);
            if (!column.Type.IsCacheable())
                throw new InvalidOperationException($"Asked to prefetch column '{name}' into cache, but it is of unhandled type '{column.Type}'");
        }
        _input = CacheableColumns.Of(input);
        _rows = _input.GetRowCount();
        _columns = new ColumnBuffer[_input.Schema.Count];
    }

    public DataViewSchema Schema => _input.Schema;

    public bool CanShuffle => true;

    public long? GetRowCount() => _rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        var active = Fill(columnsNeeded, out var rows);
        return new Cursor(this, active, Order(rows, rand), 0);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        var active = Fill(columnsNeeded, out var rows);
        var order = Order(rows, rand);
        return Enumerable.Range(0, Math.Max(1, n))
            .Select(DataViewRowCursor (i) => new Cursor(this, active, order[(int)((long)rows * i / n)..(int)((long)rows * (i + 1) / n)], i)).ToArray();
    }

    private static int[] Order(int rows, Random rand)
    {
        var order = Enumerable.Range(0, rows).ToArray();
        rand?.Shuffle(order);
        return order;
    }

    private bool[] Fill(IEnumerable<DataViewSchema.Column> columnsNeeded, out int rows)
    {
        var active = Views.ActiveColumns(Schema, columnsNeeded);
        lock (_gate)
        {
            var missing = Schema.Where(column => active[column.Index] && _columns[column.Index] == null).ToArray();
            if (missing.Length > 0 || _rows == null)
            {
                using var cursor = _input.GetRowCursor(missing);
                var buffers = missing.Select(column => ColumnBuffer.Create(column.Type)).ToArray();
                var copiers = missing.Select((column, i) => buffers[i].CopierFrom(cursor, column)).ToArray();
                var count = 0;
                for (; cursor.MoveNext(); count++)
                {
                    foreach (var copy in copiers)
                        copy(count);
                }
                for (var i = 0; i < missing.Length; i++)
                    _columns[missing[i].Index] = buffers[i];
                _rows = count;
            }
            rows = (int)_rows.Value;
        }
        return active;
    }

    private sealed class Cursor(CacheView view, bool[] active, int[] order, long batch) : DataViewRowCursor
    {
        private int _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position < order.Length ? _position : -1;

        public override long Batch => batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)order[_position], 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Views.CheckActive(active[column.Index], column);
            return Views.CastGetter<TValue>(view._columns[column.Index].GetterAt(() => order[_position]));
        }

        public override bool MoveNext() => _position < order.Length && ++_position < order.Length;
    }
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: rows of the input that a predicate accepts; no column is lost.
namespace Microsoft.ML.Data;

/// <param name="input">The rows to choose from.</param>
/// <param name="inspected">The columns that the predicate reads.</param>
/// <param name="predicate">Bound to a cursor once, then asked once per row.</param>
/// <param name="dependsOnOrder">The predicate counts rows, so that the input is read in its own order by one cursor.</param>
internal sealed class FilterView(IDataView input, DataViewSchema.Column[] inspected, Func<DataViewRow, Func<bool>> predicate, bool dependsOnOrder) : IDataView
{
    public DataViewSchema Schema => input.Schema;

    public bool CanShuffle => !dependsOnOrder && input.CanShuffle;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        var active = Views.ActiveColumns(Schema, columnsNeeded);
        return Wrap(input.GetRowCursor(InputColumns(active), CanShuffle ? rand : null), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        if (dependsOnOrder)
            return [GetRowCursor(columnsNeeded, rand)];
        var active = Views.ActiveColumns(Schema, columnsNeeded);
        return input.GetRowCursorSet(InputColumns(active), n, CanShuffle ? rand : null).Select(cursor => Wrap(cursor, active)).ToArray();
    }

    private DataViewSchema.Column[] InputColumns(bool[] active) => Schema.Where(column => active[column.Index] || inspected.Any(i => i.Index == column.Index)).ToArray();

    private DataViewRowCursor Wrap(DataViewRowCursor cursor, bool[] active) => new Cursor(cursor, predicate(cursor), active);

    private sealed class Cursor(DataViewRowCursor input, Func<bool> accept, bool[] active) : LinkedCursor(input)
    {
        private long _position = -1;

        public override long Position => _position;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Views.CheckActive(active[column.Index], column);
            return base.GetGetter<TValue>(column);
        }

        public override bool MoveNext()
        {
            while (Input.MoveNext())
            {
                if (accept())
                {
                    _position++;
                    return true;
                }
            }
            _position = -1;
            return false;
        }
    }
}

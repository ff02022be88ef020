// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: some rows of the input in its order; what comes after them is not read.
namespace Microsoft.ML.Data;

internal sealed class SkipTakeView(IDataView input, long skip, long take) : IDataView
{
    public DataViewSchema Schema => input.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => input.GetRowCount() is { } rows ? Math.Clamp(rows - skip, 0, take) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(input.GetRowCursor(columnsNeeded), skip, take);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewRowCursor input, long skip, long take) : LinkedCursor(input)
    {
        private long _toSkip = skip;
        private long _taken;
        private long _position = -1;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            var found = _taken < take;
            for (; found && _toSkip > 0; _toSkip--)
                found = Input.MoveNext();
            found = found && Input.MoveNext();
            _position = found ? _taken++ : -1;
            return found;
        }
    }
}

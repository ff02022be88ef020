// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: a schema, a row and a view with columns computed from those of the input.
namespace Microsoft.ML.Data;

/// <summary>One computed column: the inputs it depends on, and a getter for a row with what must happen when the row is disposed of.</summary>
internal sealed record AddedColumn(
    string Name,
    DataViewType Type,
    DataViewSchema.Annotations Annotations,
    int[] Inputs,
    Func<DataViewRow, (Delegate Getter, Action Disposer)> MakeGetter)
{
    public AddedColumn(string name, DataViewType type, DataViewSchema.Annotations annotations, DataViewSchema.Column input, Func<DataViewRow, Delegate> makeGetter)
        : this(name, type, annotations, [input.Index], row => (makeGetter(row), null))
    {
    }
}

internal sealed class AddedColumns : IRowToRowMapper
{
    private readonly IReadOnlyList<AddedColumn> _added;

    public AddedColumns(DataViewSchema inputSchema, IReadOnlyList<AddedColumn> added)
    {
        InputSchema = inputSchema;
        _added = added;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        foreach (var column in added)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var needed = new SortedSet<int>();
        foreach (var column in dependingColumns)
        {
            if (column.Index < InputSchema.Count)
                needed.Add(column.Index);
            else
                needed.UnionWith(_added[column.Index - InputSchema.Count].Inputs);
        }
        return needed.Select(index => InputSchema[index]).ToArray();
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(this, input, Views.ActiveColumns(OutputSchema, activeColumns));

    private sealed class Row : DataViewRow
    {
        private readonly AddedColumns _mapper;
        private readonly DataViewRow _input;
        private readonly bool[] _active;
        private readonly Delegate[] _getters;
        private readonly List<Action> _disposers = [];

        public Row(AddedColumns mapper, DataViewRow input, bool[] active)
        {
            _mapper = mapper;
            _input = input;
            _active = active;
            _getters = new Delegate[mapper._added.Count];
            for (var i = 0; i < _getters.Length; i++)
            {
                if (!active[mapper.InputSchema.Count + i])
                    continue;
                (_getters[i], var disposer) = mapper._added[i].MakeGetter(input);
                if (disposer != null)
                    _disposers.Add(disposer);
            }
        }

        public override DataViewSchema Schema => _mapper.OutputSchema;

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Views.CheckActive(_active[column.Index], column);
            var inputs = _mapper.InputSchema.Count;
            return column.Index < inputs ? _input.GetGetter<TValue>(_input.Schema[column.Index]) : Views.CastGetter<TValue>(_getters[column.Index - inputs]);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                foreach (var disposer in _disposers)
                    disposer();
                _input.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}

internal sealed class MappedView(IDataView input, AddedColumns mapper) : IDataView
{
    public DataViewSchema Schema => mapper.OutputSchema;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        var active = Checked(columnsNeeded);
        return Wrap(input.GetRowCursor(InputColumns(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        var active = Checked(columnsNeeded);
        var cursors = input.GetRowCursorSet(InputColumns(active), n, rand);
        // The work is in the added columns: their inputs are handed out to as many cursors as were asked for.
        if (cursors.Length == 1 && n > 1 && active.Any(column => column.Index >= input.Schema.Count))
            cursors = SplitCursors.Create(cursors[0], n);
        return cursors.Select(cursor => Wrap(cursor, active)).ToArray();
    }

    private DataViewSchema.Column[] Checked(IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        var active = Views.ActiveColumns(Schema, columnsNeeded);
        return Schema.Where(column => active[column.Index]).ToArray();
    }

    private IEnumerable<DataViewSchema.Column> InputColumns(DataViewSchema.Column[] active) => mapper.GetDependencies(active).Select(column => input.Schema[column.Index]);

    private DataViewRowCursor Wrap(DataViewRowCursor cursor, DataViewSchema.Column[] active) => new Cursor(cursor, mapper.GetRow(cursor, active));

    private sealed class Cursor(DataViewRowCursor cursor, DataViewRow row) : DataViewRowCursor
    {
        public override DataViewSchema Schema => row.Schema;

        public override long Position => row.Position;

        public override long Batch => row.Batch;

        public override bool MoveNext() => cursor.MoveNext();

        public override bool IsColumnActive(DataViewSchema.Column column) => row.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => row.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => row.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                row.Dispose();
            base.Dispose(disposing);
        }
    }
}

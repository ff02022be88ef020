// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: rows drawn at random from a pool that is refilled from the input; images are dropped.
namespace Microsoft.ML.Data;

internal sealed class ShuffleView(IDataView input, int seed, int poolSize, bool shuffleSource) : IDataView
{
    private readonly IDataView _input = CacheableColumns.Of(input);

    public DataViewSchema Schema => _input.Schema;

    public bool CanShuffle => true;

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        rand ??= new Random(seed);
        var sourceRand = shuffleSource && _input.CanShuffle ? new Random(rand.Next()) : null;
        return new Cursor(_input.GetRowCursor(columnsNeeded.Select(column => _input.Schema[column.Index]), sourceRand), rand, poolSize);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : LinkedCursor
    {
        private readonly Random _rand;
        private readonly RowBuffer _pool;
        private readonly List<int> _filled = [];
        private readonly Stack<int> _free;
        private int _slot = -1;
        private long _position = -1;

        public Cursor(DataViewRowCursor input, Random rand, int poolSize)
            : base(input)
        {
            _rand = rand;
            _pool = new RowBuffer(input);
            _free = new Stack<int>(Enumerable.Range(0, poolSize).Reverse());
        }

        public override long Position => _position;

        public override long Batch => 0;

        public override ValueGetter<DataViewRowId> GetIdGetter() => _pool.IdGetterAt(() => _slot);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Views.CastGetter<TValue>(_pool.GetterAt(column, () => _slot));

        public override bool MoveNext()
        {
            if (_slot >= 0)
                _free.Push(_slot);
            while (_free.Count > 0 && Input.MoveNext())
            {
                var slot = _free.Pop();
                _pool.CopyTo(slot);
                _filled.Add(slot);
            }
            if (_filled.Count == 0)
            {
                _slot = -1;
                _position = -1;
                return false;
            }
            var drawn = _rand.Next(_filled.Count);
            _slot = _filled[drawn];
            _filled[drawn] = _filled[^1];
            _filled.RemoveAt(_filled.Count - 1);
            _position++;
            return true;
        }
    }
}

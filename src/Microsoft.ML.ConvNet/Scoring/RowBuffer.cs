using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// Rows that are read ahead of their consumer, so that they can be scored together: their ids and the columns that are passed on.
/// </summary>
/// <remarks>
/// One cursor reads everything once. A second one for the features alone would read the input twice, and would see other rows
/// where a sequence can be enumerated only once.
/// </remarks>
internal sealed class RowBuffer : DataViewRow
{
    private readonly DataViewRowCursor _cursor;
    private readonly int _capacity;
    private readonly Action<int> _read;
    private readonly Action<int> _score;
    private readonly Kept?[] _columns;
    private readonly Kept<DataViewRowId> _ids;
    private int _count;
    private bool _ended;
    private long _position = -1;

    /// <param name="cursor">The rows; the buffer disposes it.</param>
    /// <param name="columns">The columns to keep.</param>
    /// <param name="capacity">The rows to read at once.</param>
    /// <param name="read">Receives the index of each row, while the cursor is on it.</param>
    /// <param name="score">Receives the number of rows, once they are read.</param>
    public RowBuffer(DataViewRowCursor cursor, IEnumerable<DataViewSchema.Column> columns, int capacity, Action<int> read, Action<int> score)
    {
        (_cursor, _capacity, _read, _score) = (cursor, capacity, read, score);
        _ids = new Values<DataViewRowId>(cursor.GetIdGetter(), capacity);
        _columns = new Kept?[cursor.Schema.Count];
        foreach (var column in columns)
            _columns[column.Index] = Kept.Of(cursor, column, capacity);
    }

    /// <summary>Where among the rows that were read together the current row is.</summary>
    public int Current { get; private set; } = -1;

    public override DataViewSchema Schema => _cursor.Schema;

    public override long Position => _position;

    public override long Batch => 0;

    /// <summary>Whether the values of a type may be kept; ML.NET disposes images under their holder.</summary>
    public static bool CanKeep(DataViewType type) => type is PrimitiveDataViewType or VectorDataViewType;

    /// <summary>Moves to the next row, and reads on when there is none.</summary>
    public bool MoveNext()
    {
        if (++Current >= _count && !ReadOn())
        {
            _position = -1;
            return false;
        }

        _position++;
        return true;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => _columns[column.Index] != null;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _ids.Getter(this);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        => _columns[column.Index] is Kept<TValue> kept
            ? kept.Getter(this)
            : throw new InvalidOperationException($"The column '{column.Name}' is {column.Type}; it cannot be read as {typeof(TValue)}.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _cursor.Dispose();
        base.Dispose(disposing);
    }

    private bool ReadOn()
    {
        (_count, Current) = (0, 0);
        while (_count < _capacity && !_ended)
        {
            if (!_cursor.MoveNext())
            {
                _ended = true;
                break;
            }

            _read(_count);
            _ids.Keep(_count);
            foreach (var column in _columns)
                column?.Keep(_count);
            _count++;
        }

        if (_count > 0)
            _score(_count);
        return _count > 0;
    }

    /// <summary>The values of one column.</summary>
    private abstract class Kept
    {
        private static readonly MethodInfo _values = typeof(Kept).GetMethod(nameof(OfValues), BindingFlags.NonPublic | BindingFlags.Static)!;
        private static readonly MethodInfo _vectors = typeof(Kept).GetMethod(nameof(OfVectors), BindingFlags.NonPublic | BindingFlags.Static)!;

        public static Kept Of(DataViewRow row, DataViewSchema.Column column, int rows)
        {
            var method = column.Type is VectorDataViewType vector
                ? _vectors.MakeGenericMethod(vector.ItemType.RawType)
                : _values.MakeGenericMethod(column.Type.RawType);
            return method.CreateDelegate<Func<DataViewRow, DataViewSchema.Column, int, Kept>>()(row, column, rows);
        }

        /// <summary>Keeps the value of the row on which the cursor is.</summary>
        public abstract void Keep(int row);

        private static Values<T> OfValues<T>(DataViewRow row, DataViewSchema.Column column, int rows) => new(row.GetGetter<T>(column), rows);

        private static Vectors<T> OfVectors<T>(DataViewRow row, DataViewSchema.Column column, int rows) => new(row.GetGetter<VBuffer<T>>(column), rows);
    }

    private abstract class Kept<T>(ValueGetter<T> getter, int rows) : Kept
    {
        protected T[] Rows { get; } = new T[rows];

        public override void Keep(int row) => getter(ref Rows[row]);

        public abstract ValueGetter<T> Getter(RowBuffer buffer);
    }

    private sealed class Values<T>(ValueGetter<T> getter, int rows) : Kept<T>(getter, rows)
    {
        public override ValueGetter<T> Getter(RowBuffer buffer) => (ref T value) => value = Rows[buffer.Current];
    }

    private sealed class Vectors<T>(ValueGetter<VBuffer<T>> getter, int rows) : Kept<VBuffer<T>>(getter, rows)
    {
        public override ValueGetter<VBuffer<T>> Getter(RowBuffer buffer) => (ref VBuffer<T> value) => Rows[buffer.Current].CopyTo(ref value);
    }
}

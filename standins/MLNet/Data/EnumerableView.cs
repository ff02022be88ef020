// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: a view over objects, which each cursor reads anew and in order, lists too.
using System.Linq.Expressions;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>Reads the columns of a row out of an object.</summary>
internal sealed class ObjectReader<TRow>
    where TRow : class
{
    private readonly Func<Func<TRow>, Delegate>[] _columns;

    public ObjectReader(SchemaDefinition definition)
    {
        var builder = new DataViewSchema.Builder();
        foreach (var column in definition)
            builder.AddColumn(column.ColumnName, column.ColumnType, column.Annotations);
        Schema = builder.ToSchema();
        _columns = definition.Select(Column).ToArray();
    }

    public DataViewSchema Schema { get; }

    public static ObjectReader<TRow> Create(SchemaDefinition definition) => new(definition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read));

    public Delegate Getter(int column, Func<TRow> row) => _columns[column](row);

    private static Func<Func<TRow>, Delegate> Column(SchemaDefinition.Column column)
    {
        var member = (MemberInfo)typeof(TRow).GetField(column.MemberName) ?? typeof(TRow).GetProperty(column.MemberName)
            ?? throw new ArgumentOutOfRangeException("userSchemaDefinition", $"No field or property with name '{column.MemberName}' found in type '{typeof(TRow).FullName}'");
        var memberType = SchemaDefinition.MemberType(member);
        var item = SchemaDefinition.ItemTypeOf(memberType, out var isVector);
        var rawItem = item == typeof(string) ? typeof(ReadOnlyMemory<char>) : item;
        if (column.ColumnType is VectorDataViewType != isVector || column.ColumnType.ItemTypeOf().RawType != rawItem)
            throw new ArgumentOutOfRangeException("userSchemaDefinition", $"Column '{column.ColumnName}' is supposed to be {column.ColumnType}, but type of associated field '{column.MemberName}' is {memberType}");

        var parameter = Expression.Parameter(typeof(TRow));
        var read = Expression.Lambda(Expression.MakeMemberAccess(parameter, member), parameter).Compile();
        if (column.ColumnType is KeyDataViewType key)
            return row => Key(key, read, row);

        var method = memberType == typeof(string) ? nameof(Text) : memberType == typeof(string[]) ? nameof(TextArray)
            : memberType.IsArray ? nameof(Array) : isVector ? nameof(Vector) : nameof(Value);
        var definition = typeof(ObjectReader<TRow>).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic);
        if (definition.IsGenericMethodDefinition)
            definition = definition.MakeGenericMethod(method == nameof(Value) ? memberType : item);
        return row => (Delegate)definition.Invoke(null, [read, row]);
    }

    // Members count classes from 0, keys from 1; what is outside the range is missing. Vectors of keys pass as they are.
    private static Delegate Key(KeyDataViewType type, Delegate read, Func<TRow> row)
    {
        return read switch
        {
            Func<TRow, byte> bytes => Getter(bytes, key => key, key => (byte)key),
            Func<TRow, uint> integers => Getter(integers, key => key, key => (uint)key),
            Func<TRow, ulong> longs => Getter(longs, key => key, key => key),
            _ => throw new InvalidOperationException("Check failed"),
        };

        ValueGetter<T> Getter<T>(Func<TRow, T> read, Func<T, ulong> toKey, Func<ulong, T> fromKey) => (ref T value) =>
        {
            var key = toKey(read(row()));
            value = fromKey(key < type.Count ? key + 1 : 0);
        };
    }

    private static ValueGetter<T> Value<T>(Func<TRow, T> read, Func<TRow> row) => (ref T value) => value = read(row());

    private static ValueGetter<ReadOnlyMemory<char>> Text(Func<TRow, string> read, Func<TRow> row) => (ref ReadOnlyMemory<char> value) => value = read(row()).AsMemory();

    private static ValueGetter<VBuffer<T>> Array<T>(Func<TRow, T[]> read, Func<TRow> row) => (ref VBuffer<T> value) =>
    {
        var array = read(row());
        VBuffer<T>.Copy(array, 0, ref value, array?.Length ?? 0);
    };

    private static ValueGetter<VBuffer<ReadOnlyMemory<char>>> TextArray(Func<TRow, string[]> read, Func<TRow> row) => (ref VBuffer<ReadOnlyMemory<char>> value) =>
    {
        var array = read(row()) ?? [];
        var editor = VBufferEditor.Create(ref value, array.Length);
        for (var i = 0; i < array.Length; i++)
            editor.Values[i] = array[i].AsMemory();
        value = editor.Commit();
    };

    private static ValueGetter<VBuffer<T>> Vector<T>(Func<TRow, VBuffer<T>> read, Func<TRow> row) => (ref VBuffer<T> value) => read(row()).CopyTo(ref value);
}

internal sealed class EnumerableView<TRow>(IEnumerable<TRow> data, ObjectReader<TRow> reader) : IDataView
    where TRow : class
{
    public DataViewSchema Schema => reader.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => (data as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(reader, Views.ActiveColumns(Schema, columnsNeeded), data.GetEnumerator());

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(ObjectReader<TRow> reader, bool[] active, IEnumerator<TRow> rows) : DataViewRowCursor
    {
        private TRow _row;
        private long _position = -1;

        public override DataViewSchema Schema => reader.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Views.CheckActive(active[column.Index], column);
            return Views.CastGetter<TValue>(reader.Getter(column.Index, () => _row));
        }

        public override bool MoveNext()
        {
            if (!rows.MoveNext())
            {
                _position = -1;
                return false;
            }
            _row = rows.Current ?? throw new InvalidOperationException("Encountered null when iterating over data, this is not supported.");
            _position++;
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rows.Dispose();
            base.Dispose(disposing);
        }
    }
}

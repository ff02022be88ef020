// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: copies of a column's values, for caches, shuffles and split cursors.
using System.Reflection;

namespace Microsoft.ML.Data;

internal abstract class ColumnBuffer
{
    public static ColumnBuffer Create(DataViewType type) => (ColumnBuffer)Activator.CreateInstance(typeof(ColumnBuffer<>).MakeGenericType(type.RawType));

    /// <summary>The action copies the row's present value into a slot.</summary>
    public abstract Action<int> CopierFrom(DataViewRow row, DataViewSchema.Column column);

    public abstract Delegate GetterAt(Func<int> slot);
}

internal sealed class ColumnBuffer<T> : ColumnBuffer
{
    private delegate void Copier(ref T source, ref T destination);

    // The arrays inside a VBuffer belong to whoever holds it: they are copied, never shared.
    private static readonly Copier CopyValue = MakeCopier();
    private T[] _values = new T[16];

    public override Action<int> CopierFrom(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        return slot =>
        {
            if (slot >= _values.Length)
                Array.Resize(ref _values, Math.Max(slot + 1, 2 * _values.Length));
            getter(ref _values[slot]);
        };
    }

    public override Delegate GetterAt(Func<int> slot) => (ValueGetter<T>)((ref T value) => CopyValue(ref _values[slot()], ref value));

    private static Copier MakeCopier()
    {
        if (!typeof(T).IsGenericType || typeof(T).GetGenericTypeDefinition() != typeof(VBuffer<>))
            return (ref T source, ref T destination) => destination = source;
        return typeof(ColumnBuffer<T>).GetMethod(nameof(CopyVector), BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(typeof(T).GetGenericArguments()).CreateDelegate<Copier>();
    }

    private static void CopyVector<TItem>(ref VBuffer<TItem> source, ref VBuffer<TItem> destination) => source.CopyTo(ref destination);
}

/// <summary>Slots of whole rows: the active columns and the row's id.</summary>
internal sealed class RowBuffer
{
    private readonly ColumnBuffer[] _columns;
    private readonly Action<int>[] _copiers;
    private readonly ValueGetter<DataViewRowId> _id;
    private DataViewRowId[] _ids = new DataViewRowId[16];

    public RowBuffer(DataViewRow row)
    {
        _columns = row.Schema.Select(column => row.IsColumnActive(column) ? ColumnBuffer.Create(column.Type) : null).ToArray();
        _copiers = row.Schema.Where(column => _columns[column.Index] != null).Select(column => _columns[column.Index].CopierFrom(row, column)).ToArray();
        _id = row.GetIdGetter();
    }

    public void CopyTo(int slot)
    {
        if (slot >= _ids.Length)
            Array.Resize(ref _ids, Math.Max(slot + 1, 2 * _ids.Length));
        _id(ref _ids[slot]);
        foreach (var copy in _copiers)
            copy(slot);
    }

    public Delegate GetterAt(DataViewSchema.Column column, Func<int> slot)
    {
        Views.CheckActive(_columns[column.Index] != null, column);
        return _columns[column.Index].GetterAt(slot);
    }

    public ValueGetter<DataViewRowId> IdGetterAt(Func<int> slot) => (ref DataViewRowId id) => id = _ids[slot()];
}

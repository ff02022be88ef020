// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: one column as a sequence.
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public static class ColumnCursorExtensions
{
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName)
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckNonEmpty(columnName, nameof(columnName));
        return data.GetColumn<T>(data.Schema[columnName]);
    }

    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        Contracts.CheckValue(data, nameof(data));
        var type = column.Type;
        if (data.Schema[column.Index].Name != column.Name || data.Schema[column.Index].Type != type)
            throw new ArgumentOutOfRangeException(nameof(column), $"column with name {column.Name}, type {type}, and index {column.Index} cannot be found in data");
        if (type.RawType == typeof(T))
            return Values<T>(data, column);
        if (typeof(T) == typeof(string) && type is TextDataViewType)
            return (IEnumerable<T>)Values<ReadOnlyMemory<char>>(data, column).Select(text => text.ToString());
        if (typeof(T) == typeof(string[]) && type is VectorDataViewType { ItemType: TextDataViewType })
            return (IEnumerable<T>)Values<VBuffer<ReadOnlyMemory<char>>>(data, column).Select(vector => vector.DenseValues().Select(text => text.ToString()).ToArray());
        if (typeof(T).IsArray && type is VectorDataViewType vectorType && vectorType.ItemType.RawType == typeof(T).GetElementType())
        {
            return (IEnumerable<T>)typeof(ColumnCursorExtensions).GetMethod(nameof(Arrays), BindingFlags.Static | BindingFlags.NonPublic)
                .MakeGenericMethod(typeof(T).GetElementType()).Invoke(null, [data, column]);
        }
        throw new ArgumentOutOfRangeException(nameof(column), $"Cannot map column (name: {column.Name}, type: {type}) in data to the user-defined type, {typeof(T)}.");
    }

    private static IEnumerable<T[]> Arrays<T>(IDataView data, DataViewSchema.Column column) => Values<VBuffer<T>>(data, column).Select(vector => vector.DenseValues().ToArray());

    private static IEnumerable<T> Values<T>(IDataView data, DataViewSchema.Column column)
    {
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<T>(column);
        T value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            yield return value;
        }
    }
}

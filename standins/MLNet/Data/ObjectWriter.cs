// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: fills objects from rows.
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class ObjectWriter<TRow>
    where TRow : class, new()
{
    private readonly List<(DataViewSchema.Column Column, MemberInfo Member)> _bindings = [];

    public ObjectWriter(DataViewSchema schema, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        foreach (var wanted in definition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Write))
        {
            if (schema.GetColumnOrNull(wanted.ColumnName) is not { } column)
            {
                if (ignoreMissingColumns)
                    continue;
                throw Contracts.MissingColumn("Schema", "", wanted.ColumnName);
            }
            var member = (MemberInfo)typeof(TRow).GetField(wanted.MemberName) ?? typeof(TRow).GetProperty(wanted.MemberName);
            var memberType = SchemaDefinition.MemberType(member);
            var item = SchemaDefinition.ItemTypeOf(memberType, out var isVector);
            var rawItem = item == typeof(string) ? typeof(ReadOnlyMemory<char>) : item;
            if (column.Type is VectorDataViewType != isVector || column.Type.ItemTypeOf().RawType != rawItem)
            {
                throw new InvalidOperationException($"Can't bind the IDataView column '{wanted.ColumnName}' of type '{column.Type}' "
                    + $"to field or property '{wanted.MemberName}' of type '{memberType.FullName}'.");
            }
            _bindings.Add((column, member));
        }
    }

    public IEnumerable<DataViewSchema.Column> Columns => _bindings.Select(binding => binding.Column);

    public Action<TRow> Bind(DataViewRow row)
    {
        var fill = _bindings.Select(binding => Fill(row, row.Schema[binding.Column.Index], binding.Member)).ToArray();
        return target =>
        {
            foreach (var action in fill)
                action(target);
        };
    }

    private static Action<TRow> Fill(DataViewRow row, DataViewSchema.Column column, MemberInfo member)
    {
        var memberType = SchemaDefinition.MemberType(member);
        var target = Expression.Parameter(typeof(TRow));
        var value = Expression.Parameter(memberType);
        var access = Expression.MakeMemberAccess(target, member);
        var set = Expression.Lambda(typeof(Action<,>).MakeGenericType(typeof(TRow), memberType), Expression.Assign(access, value), target, value).Compile();

        var item = SchemaDefinition.ItemTypeOf(memberType, out var isVector);
        var method = memberType == typeof(string) ? nameof(Text) : memberType == typeof(string[]) ? nameof(TextArray)
            : memberType.IsArray ? nameof(Array) : isVector ? nameof(Vector) : nameof(Value);
        var definition = typeof(ObjectWriter<TRow>).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic);
        if (definition.IsGenericMethodDefinition)
            definition = definition.MakeGenericMethod(method == nameof(Value) ? memberType : item);
        return (Action<TRow>)definition.Invoke(null, [row, column, set]);
    }

    // One variable serves all rows, as the producers expect: they recycle arrays and dispose of images through it.
    private static Action<TRow> Value<T>(DataViewRow row, DataViewSchema.Column column, Action<TRow, T> set)
    {
        var getter = row.GetGetter<T>(column);
        T value = default;
        return target =>
        {
            getter(ref value);
            set(target, value);
        };
    }

    private static Action<TRow> Text(DataViewRow row, DataViewSchema.Column column, Action<TRow, string> set)
    {
        var getter = row.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> value = default;
        return target =>
        {
            getter(ref value);
            set(target, value.ToString());
        };
    }

    private static Action<TRow> Array<T>(DataViewRow row, DataViewSchema.Column column, Action<TRow, T[]> set)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> value = default;
        return target =>
        {
            getter(ref value);
            var array = new T[value.Length];
            value.CopyTo(array);
            set(target, array);
        };
    }

    private static Action<TRow> TextArray(DataViewRow row, DataViewSchema.Column column, Action<TRow, string[]> set)
    {
        var getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> value = default;
        return target =>
        {
            getter(ref value);
            set(target, value.DenseValues().Select(text => text.ToString()).ToArray());
        };
    }

    private static Action<TRow> Vector<T>(DataViewRow row, DataViewSchema.Column column, Action<TRow, VBuffer<T>> set)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        return target =>
        {
            VBuffer<T> value = default;
            getter(ref value);
            set(target, value);
        };
    }
}

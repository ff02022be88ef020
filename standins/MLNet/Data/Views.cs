// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: what the views of this folder share.
using System.Globalization;

namespace Microsoft.ML.Data;

internal static class Views
{
    public static bool[] ActiveColumns(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        var active = new bool[schema.Count];
        foreach (var column in columnsNeeded)
        {
            if ((uint)column.Index >= (uint)schema.Count || schema[column.Index].Name != column.Name)
                throw new ArgumentOutOfRangeException(nameof(columnsNeeded), $"Column '{column.Name}' not found");
            active[column.Index] = true;
        }
        return active;
    }

    public static ValueGetter<TValue> CastGetter<TValue>(Delegate getter) =>
        getter as ValueGetter<TValue> ?? throw new InvalidOperationException(
            $"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{getter.GetType().GetGenericArguments()[0]}'.");

    public static void CheckActive(bool active, DataViewSchema.Column column)
    {
        if (!active)
            throw new ArgumentOutOfRangeException(nameof(column), $"requested column not active: '{column.Name}'");
    }

    /// <summary>The getter of a column as an untyped delegate: the type argument is the column's raw type.</summary>
    public static Delegate GetterOf(DataViewRow row, DataViewSchema.Column column) =>
        (Delegate)Generic(nameof(TypedGetter), column.Type.RawType).Invoke(null, [row, column]);

    public static System.Reflection.MethodInfo Generic(string method, params Type[] arguments) =>
        typeof(Views).GetMethod(method, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic).MakeGenericMethod(arguments);

    /// <summary>A number in [0, 1) that depends on nothing but the value and the seed.</summary>
    internal static Func<double> HashOf<T>(DataViewRow row, DataViewSchema.Column column, int seed)
    {
        var getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            var text = string.Create(CultureInfo.InvariantCulture, $"{seed}:{value}");
            var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text));
            return BitConverter.ToUInt32(hash) / (uint.MaxValue + 1.0);
        };
    }

    internal static Func<float> KeyIndex<T>(DataViewRow row, DataViewSchema.Column column)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        var getter = row.GetGetter<T>(column);
        T key = default;
        return () =>
        {
            getter(ref key);
            return key == T.Zero ? float.NaN : float.CreateTruncating(key - T.One);
        };
    }

    private static ValueGetter<T> TypedGetter<T>(DataViewRow row, DataViewSchema.Column column) => row.GetGetter<T>(column);
}

/// <summary>A cursor that passes everything but its moves on to another.</summary>
internal abstract class LinkedCursor(DataViewRowCursor input) : DataViewRowCursor
{
    protected DataViewRowCursor Input { get; } = input;

    public override DataViewSchema Schema => Input.Schema;

    public override long Position => Input.Position;

    public override long Batch => Input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => Input.IsColumnActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Input.GetGetter<TValue>(column);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Input.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Drops the columns that a cache or a shuffle cannot hold, images above all.</summary>
internal sealed class CacheableColumns : IDataView
{
    private readonly IDataView _input;
    private readonly int[] _toInput;

    private CacheableColumns(IDataView input)
    {
        _input = input;
        _toInput = input.Schema.Where(column => column.Type.IsCacheable()).Select(column => column.Index).ToArray();
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(_toInput.Select(index => input.Schema[index]));
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => _input.CanShuffle;

    public static IDataView Of(IDataView input) => input.Schema.All(column => column.Type.IsCacheable()) ? input : new CacheableColumns(input);

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        var active = Views.ActiveColumns(Schema, columnsNeeded);
        return new Cursor(this, _input.GetRowCursor(InputColumns(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        var active = Views.ActiveColumns(Schema, columnsNeeded);
        return _input.GetRowCursorSet(InputColumns(active), n, rand).Select(DataViewRowCursor (cursor) => new Cursor(this, cursor, active)).ToArray();
    }

    private IEnumerable<DataViewSchema.Column> InputColumns(bool[] active) => _toInput.Where((_, i) => active[i]).Select(index => _input.Schema[index]).ToArray();

    private sealed class Cursor(CacheableColumns view, DataViewRowCursor input, bool[] active) : LinkedCursor(input)
    {
        public override DataViewSchema Schema => view.Schema;

        public override bool MoveNext() => Input.MoveNext();

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Views.CheckActive(active[column.Index], column);
            return Input.GetGetter<TValue>(Input.Schema[view._toInput[column.Index]]);
        }
    }
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: values become 1-based keys; what is empty, not a number or not known becomes 0.
using System.Globalization;
using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    private readonly IHost _host;
    private readonly (string outputColumnName, string inputColumnName)[] _columns;
    private readonly int _maximumNumberOfKeys;
    private readonly KeyOrdinality _keyOrdinality;
    private readonly bool _asText;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator(
        IHostEnvironment env,
        (string outputColumnName, string inputColumnName)[] columns,
        int maximumNumberOfKeys,
        KeyOrdinality keyOrdinality,
        bool asText,
        IDataView keyData)
    {
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        Contracts.CheckParam(maximumNumberOfKeys > 0, nameof(maximumNumberOfKeys), "Must be positive");
        Contracts.CheckParam(keyData == null || keyData.Schema.Count(column => !column.IsHidden) == 1, nameof(keyData), "Must contain exactly one column");
        _columns = columns;
        _maximumNumberOfKeys = maximumNumberOfKeys;
        _keyOrdinality = keyOrdinality;
        _asText = asText;
        _keyData = keyData;
    }

    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        Contracts.CheckValue(input, nameof(input));
        var terms = _columns.Select(pair =>
        {
            var column = input.Schema.GetColumnOrNull(pair.inputColumnName) ?? throw Contracts.MissingColumn("inputSchema", "input", pair.inputColumnName);
            var set = TermSet.Create(column.Type.ItemTypeOf());
            return (Set: set, Column: column);
        }).ToArray();

        if (_keyData != null)
        {
            var column = _keyData.Schema.First(c => !c.IsHidden);
            foreach (var (set, wanted) in terms)
            {
                if (!column.Type.Equals(wanted.Type.ItemTypeOf()))
                    throw Contracts.SchemaMismatch("keyData", "key", column.Name, wanted.Type.ItemTypeOf().ToString(), column.Type.ToString());
                using var cursor = _keyData.GetRowCursor([column]);
                Train(cursor, [(set, column)]);
            }
        }
        else
        {
            using var cursor = input.GetRowCursor(terms.Select(term => term.Column));
            Train(cursor, terms);
        }

        if (_keyOrdinality == KeyOrdinality.ByValue)
        {
            foreach (var (set, _) in terms)
                set.Sort();
        }
        return new ValueToKeyMappingTransformer(_host, _columns, terms.Select(term => term.Set).ToArray(), _asText);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(_columns.Select(pair =>
        {
            var column = inputSchema.Find(pair.inputColumnName);
            if (column.ItemType is not PrimitiveDataViewType || column.IsKey)
                throw Contracts.MissingColumn(nameof(inputSchema), "input", pair.inputColumnName);
            var annotations = new List<SchemaShape.Column>();
            if (column.Annotations.TryFindColumn("SlotNames", out var slots))
                annotations.Add(slots);
            annotations.Add(new SchemaShape.Column("KeyValues", SchemaShape.Column.VectorKind.Vector, _asText ? TextDataViewType.Instance : column.ItemType, false));
            return new SchemaShape.Column(pair.outputColumnName, column.Kind, NumberDataViewType.UInt32, true, new SchemaShape(annotations));
        }));
    }

    private void Train(DataViewRowCursor cursor, (TermSet Set, DataViewSchema.Column Column)[] terms)
    {
        var readers = terms.Select(term => term.Set.Trainer(cursor, cursor.Schema[term.Column.Index], _maximumNumberOfKeys)).ToArray();
        while (cursor.MoveNext())
        {
            foreach (var read in readers)
                read();
        }
    }
}

public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TermTransform";
    private readonly TermSet[] _terms;
    private readonly bool _asText;

    internal ValueToKeyMappingTransformer(IHost host, (string outputColumnName, string inputColumnName)[] columns, TermSet[] terms, bool asText)
        : base(host, columns)
    {
        _terms = terms;
        _asText = asText;
    }

    private ValueToKeyMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        _asText = ctx.Reader.ReadBoolean();
        _terms = ColumnPairs.Select(_ => TermSet.Load(ctx.Reader)).ToArray();
    }

    private protected override AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input)
    {
        var terms = _terms[index];
        if (!input.Type.ItemTypeOf().Equals(terms.ItemType))
            throw Contracts.SchemaMismatch("inputSchema", "input", input.Name, terms.ItemType.ToString(), input.Type.ToString());
        var key = new KeyDataViewType(typeof(uint), Math.Max(1, terms.Count));
        DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(key, vector.Dimensions) : key;
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, name => name == "SlotNames");
        if (terms.Count > 0)
            terms.AddKeyValues(annotations, _asText);
        return new AddedColumn(outputColumnName, type, annotations.ToAnnotations(), input, row => terms.Getter(row, row.Schema[input.Index]));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        SaveColumns(ctx);
        ctx.Writer.Write(_asText);
        foreach (var terms in _terms)
            terms.Save(ctx.Writer);
    }

    private static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ValueToKeyMappingTransformer(env.Register(LoaderSignature), ctx);
    }

    private static VersionInfo Version() => new("TERMTRNF", 0x00010001, 0x00010001, 0x00010001, typeof(ValueToKeyMappingTransformer).Assembly.FullName, LoaderSignature);
}

/// <summary>The distinct values of a column in the order of their keys.</summary>
internal abstract class TermSet
{
    public abstract int Count { get; }

    public abstract PrimitiveDataViewType ItemType { get; }

    public static TermSet Create(DataViewType itemType)
    {
        if (itemType is TextDataViewType)
            return new TermSet<string, ReadOnlyMemory<char>>(TextDataViewType.Instance, text => text.ToString(), text => text.AsMemory(), StringComparer.Ordinal);
        if (itemType is not (NumberDataViewType or BooleanDataViewType or DateTimeDataViewType or TimeSpanDataViewType))
            throw new InvalidOperationException($"Values of type '{itemType}' cannot be mapped to keys.");
        return (TermSet)typeof(TermSet).GetMethod(nameof(OfValues), BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(itemType.RawType).Invoke(null, [itemType]);
    }

    public static TermSet Load(BinaryReader reader)
    {
        var set = Create(SchemaFile.ReadType(reader));
        set.ReadTerms(reader);
        return set;
    }

    public void Save(BinaryWriter writer)
    {
        SchemaFile.WriteType(writer, ItemType);
        WriteTerms(writer);
    }

    public abstract void Sort();

    public abstract Action Trainer(DataViewRow row, DataViewSchema.Column column, int maximum);

    public abstract Delegate Getter(DataViewRow row, DataViewSchema.Column column);

    public abstract void AddKeyValues(DataViewSchema.Annotations.Builder annotations, bool asText);

    protected abstract void WriteTerms(BinaryWriter writer);

    protected abstract void ReadTerms(BinaryReader reader);

    private static TermSet<T, T> OfValues<T>(PrimitiveDataViewType type) => new(type, value => value, value => value, Comparer<T>.Default);
}

internal sealed class TermSet<T, TRaw>(PrimitiveDataViewType itemType, Func<TRaw, T> fromRaw, Func<T, TRaw> toRaw, IComparer<T> order) : TermSet
{
    private readonly List<T> _terms = [];
    private readonly Dictionary<T, uint> _keys = [];

    public override int Count => _terms.Count;

    public override PrimitiveDataViewType ItemType => itemType;

    public override void Sort()
    {
        _terms.Sort(order);
        _keys.Clear();
        foreach (var term in _terms)
            _keys[term] = (uint)_keys.Count + 1;
    }

    public override Action Trainer(DataViewRow row, DataViewSchema.Column column, int maximum)
    {
        if (column.Type is VectorDataViewType)
        {
            var vectorGetter = row.GetGetter<VBuffer<TRaw>>(column);
            VBuffer<TRaw> vector = default;
            return () =>
            {
                vectorGetter(ref vector);
                foreach (var item in vector.DenseValues())
                    Add(fromRaw(item), maximum);
            };
        }
        var getter = row.GetGetter<TRaw>(column);
        TRaw value = default;
        return () =>
        {
            getter(ref value);
            Add(fromRaw(value), maximum);
        };
    }

    public override Delegate Getter(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is VectorDataViewType)
        {
            var vectorGetter = row.GetGetter<VBuffer<TRaw>>(column);
            VBuffer<TRaw> vector = default;
            return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> keys) =>
            {
                vectorGetter(ref vector);
                var editor = VBufferEditor.Create(ref keys, vector.Length);
                var i = 0;
                foreach (var item in vector.DenseValues())
                    editor.Values[i++] = _keys.GetValueOrDefault(fromRaw(item));
                keys = editor.Commit();
            });
        }
        var getter = row.GetGetter<TRaw>(column);
        TRaw value = default;
        return (ValueGetter<uint>)((ref uint key) =>
        {
            getter(ref value);
            key = _keys.GetValueOrDefault(fromRaw(value));
        });
    }

    public override void AddKeyValues(DataViewSchema.Annotations.Builder annotations, bool asText)
    {
        if (asText && itemType is not TextDataViewType)
        {
            var texts = _terms.Select(term => Convert.ToString(term, CultureInfo.InvariantCulture).AsMemory()).ToArray();
            annotations.Add("KeyValues", new VectorDataViewType(TextDataViewType.Instance, texts.Length), Copy(texts));
            return;
        }
        annotations.Add("KeyValues", new VectorDataViewType(itemType, Count), Copy(_terms.Select(toRaw).ToArray()));
    }

    protected override void WriteTerms(BinaryWriter writer)
    {
        writer.Write(Count);
        foreach (var term in _terms)
            SchemaFile.WriteValue(writer, toRaw(term));
    }

    protected override void ReadTerms(BinaryReader reader)
    {
        for (var left = reader.ReadInt32(); left > 0; left--)
            Add(fromRaw(SchemaFile.ReadValue<TRaw>(reader)), int.MaxValue);
    }

    private static ValueGetter<VBuffer<TValue>> Copy<TValue>(TValue[] values) => (ref VBuffer<TValue> destination) => VBuffer<TValue>.Copy(values, 0, ref destination, values.Length);

    private void Add(T term, int maximum)
    {
        var isMissing = term is string { Length: 0 } or float.NaN or double.NaN;
        if (!isMissing && _terms.Count < maximum && _keys.TryAdd(term, (uint)_terms.Count + 1))
            _terms.Add(term);
    }
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: keys become the values that their annotations name.
using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env, (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(KeyToValueMappingEstimator)), new KeyToValueMappingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Transformer.Columns.Select(pair =>
        {
            var column = inputSchema.Find(pair.inputColumnName);
            if (!column.IsKey)
                throw Contracts.SchemaMismatch(nameof(inputSchema), "input", column.Name, "KeyType", column.GetTypeString());
            if (!column.Annotations.TryFindColumn("KeyValues", out var values))
                throw new ArgumentOutOfRangeException(nameof(inputSchema), $"Input column '{column.Name}' doesn't contain key values metadata");
            var annotations = column.Kind == SchemaShape.Column.VectorKind.Vector && column.Annotations.TryFindColumn("SlotNames", out var slots) ? new SchemaShape([slots]) : null;
            return new SchemaShape.Column(pair.outputColumnName, column.Kind, values.ItemType, values.IsKey, annotations);
        }));
    }
}

public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "KeyToValueTransform";

    internal KeyToValueMappingTransformer(IHostEnvironment env, (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    private KeyToValueMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
    }

    internal (string outputColumnName, string inputColumnName)[] Columns => ColumnPairs;

    private protected override AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input)
    {
        if (input.Annotations.Schema.GetColumnOrNull("KeyValues")?.Type is not VectorDataViewType values || input.Type.ItemTypeOf() is not KeyDataViewType key)
            throw new InvalidOperationException("Metadata KeyValues does not exist");
        if ((ulong)values.Size != key.Count)
            throw new InvalidOperationException("KeyValues metadata size does not match column type key count");
        return (AddedColumn)typeof(KeyToValueMappingTransformer).GetMethod(nameof(Column), BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(key.RawType, values.ItemType.RawType).Invoke(null, [outputColumnName, input, values.ItemType]);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        SaveColumns(ctx);
    }

    private static AddedColumn Column<TKey, TValue>(string outputColumnName, DataViewSchema.Column input, PrimitiveDataViewType valueType)
        where TKey : unmanaged, System.Numerics.INumber<TKey>
    {
        VBuffer<TValue> buffer = default;
        input.Annotations.GetValue("KeyValues", ref buffer);
        var values = buffer.DenseValues().ToArray();
        TValue missing = typeof(TValue) == typeof(float) ? (TValue)(object)float.NaN : typeof(TValue) == typeof(double) ? (TValue)(object)double.NaN : default;
        TValue ValueOf(TKey key)
        {
            var index = ulong.CreateTruncating(key);
            return index > 0 && index <= (ulong)values.Length ? values[index - 1] : missing;
        }

        if (input.Type is not VectorDataViewType vectorType)
        {
            return new AddedColumn(outputColumnName, valueType, null, input, row =>
            {
                var getter = row.GetGetter<TKey>(row.Schema[input.Index]);
                TKey key = default;
                return (ValueGetter<TValue>)((ref TValue value) =>
                {
                    getter(ref key);
                    value = ValueOf(key);
                });
            });
        }
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, name => name == "SlotNames");
        return new AddedColumn(outputColumnName, new VectorDataViewType(valueType, vectorType.Dimensions), annotations.ToAnnotations(), input, row =>
        {
            var getter = row.GetGetter<VBuffer<TKey>>(row.Schema[input.Index]);
            VBuffer<TKey> keys = default;
            return (ValueGetter<VBuffer<TValue>>)((ref VBuffer<TValue> value) =>
            {
                getter(ref keys);
                var editor = VBufferEditor.Create(ref value, keys.Length);
                var i = 0;
                foreach (var key in keys.DenseValues())
                    editor.Values[i++] = ValueOf(key);
                value = editor.Commit();
            });
        });
    }

    private static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new KeyToValueMappingTransformer(env.Register(LoaderSignature), ctx);
    }

    private static VersionInfo Version() => new("KEY2VALT", 0x00010001, 0x00010001, 0x00010001, typeof(KeyToValueMappingTransformer).Assembly.FullName, LoaderSignature);
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: scalars and vectors of one type side by side.
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
{
    internal const string LoaderSignature = "ConcatTransform";
    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingTransformer(IHost host, string output, string[] inputs)
        : base(host)
    {
        _output = output;
        _inputs = inputs;
    }

    private protected override AddedColumns MakeMapper(DataViewSchema inputSchema)
    {
        var inputs = _inputs.Select(name => inputSchema.GetColumnOrNull(name) ?? throw Contracts.MissingColumn(nameof(inputSchema), "input", name)).ToArray();
        var item = (inputs[0].Type.ItemTypeOf() as PrimitiveDataViewType)
            ?? throw Contracts.SchemaMismatch(nameof(inputSchema), "input", inputs[0].Name, "a primitive type", inputs[0].Type.ToString());
        var size = 0;
        foreach (var input in inputs)
        {
            if (!input.Type.ItemTypeOf().Equals(item))
                throw Contracts.SchemaMismatch(nameof(inputSchema), "input", input.Name, item.ToString(), input.Type.ToString());
            var isVariable = input.Type is VectorDataViewType { IsKnownSize: false };
            size = size < 0 || isVariable ? -1 : size + (input.Type is VectorDataViewType vector ? vector.Size : 1);
        }
        // A single vector keeps its dimensions.
        var type = inputs is [{ Type: VectorDataViewType only }] ? only : new VectorDataViewType(item, Math.Max(0, size));
        var annotations = new DataViewSchema.Annotations.Builder();
        if (size > 0)
        {
            var names = inputs.SelectMany(SlotNames).ToArray();
            if (names.Any(name => name.Length > 0))
            {
                annotations.Add("SlotNames", new VectorDataViewType(TextDataViewType.Instance, size), (ref VBuffer<ReadOnlyMemory<char>> destination) =>
                    VBuffer<ReadOnlyMemory<char>>.Copy(names, 0, ref destination, names.Length));
            }
        }
        var column = new AddedColumn(_output, type, annotations.ToAnnotations(), inputs.Select(input => input.Index).ToArray(), row =>
            ((Delegate)typeof(ColumnConcatenatingTransformer).GetMethod(nameof(Getter), BindingFlags.Static | BindingFlags.NonPublic)
                .MakeGenericMethod(item.RawType).Invoke(null, [row, inputs]), null));
        return new AddedColumns(inputSchema, [column]);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        ctx.Writer.Write(_output);
        ctx.Writer.Write(_inputs.Length);
        foreach (var input in _inputs)
            ctx.Writer.Write(input);
    }

    private static IEnumerable<ReadOnlyMemory<char>> SlotNames(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType vector)
            return [column.Name.AsMemory()];
        if (column.Annotations.Schema.GetColumnOrNull("SlotNames") == null)
            return new ReadOnlyMemory<char>[vector.Size];
        VBuffer<ReadOnlyMemory<char>> slots = default;
        column.Annotations.GetValue("SlotNames", ref slots);
        return slots.DenseValues().Select(slot => slot.IsEmpty ? default : $"{column.Name}.{slot}".AsMemory()).ToArray();
    }

    private static ValueGetter<VBuffer<T>> Getter<T>(DataViewRow row, DataViewSchema.Column[] inputs)
    {
        var values = new List<T>();
        var readers = inputs.Select(Action (input) =>
        {
            if (input.Type is not VectorDataViewType)
            {
                var getter = row.GetGetter<T>(row.Schema[input.Index]);
                T value = default;
                return () =>
                {
                    getter(ref value);
                    values.Add(value);
                };
            }
            var vectorGetter = row.GetGetter<VBuffer<T>>(row.Schema[input.Index]);
            VBuffer<T> vector = default;
            return () =>
            {
                vectorGetter(ref vector);
                if (vector.IsDense)
                    values.AddRange(vector.GetValues());
                else
                    values.AddRange(vector.DenseValues());
            };
        }).ToArray();
        return (ref VBuffer<T> destination) =>
        {
            values.Clear();
            foreach (var read in readers)
                read();
            var editor = VBufferEditor.Create(ref destination, values.Count);
            values.CopyTo(editor.Values);
            destination = editor.Commit();
        };
    }

    private static ColumnConcatenatingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        var output = ctx.Reader.ReadString();
        var inputs = Enumerable.Range(0, ctx.Reader.ReadInt32()).Select(_ => ctx.Reader.ReadString()).ToArray();
        return new ColumnConcatenatingTransformer(env.Register(LoaderSignature), output, inputs);
    }

    private static VersionInfo Version() => new("CONCATTR", 0x00010001, 0x00010001, 0x00010001, typeof(ColumnConcatenatingTransformer).Assembly.FullName, LoaderSignature);
}

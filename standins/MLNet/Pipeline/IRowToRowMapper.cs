// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: a transformation of single rows, and the base of those that add columns.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public interface IRowToRowMapper
{
    DataViewSchema InputSchema { get; }

    DataViewSchema OutputSchema { get; }

    IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns);

    DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns);
}

public abstract class RowToRowTransformerBase : ITransformer
{
    private protected RowToRowTransformerBase(IHost host) => Host = host;

    bool ITransformer.IsRowToRowMapper => true;

    private protected IHost Host { get; }

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => MakeMapper(Contracts.CheckValue(inputSchema, nameof(inputSchema))).OutputSchema;

    public IDataView Transform(IDataView input) => new MappedView(Contracts.CheckValue(input, nameof(input)), MakeMapper(input.Schema));

    void ICanSaveModel.Save(ModelSaveContext ctx) => SaveModel(ctx);

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => MakeMapper(Contracts.CheckValue(inputSchema, nameof(inputSchema)));

    private protected abstract AddedColumns MakeMapper(DataViewSchema inputSchema);

    private protected abstract void SaveModel(ModelSaveContext ctx);
}

/// <summary>Each output column is made of one input column.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    private protected OneToOneTransformerBase(IHost host, params (string outputColumnName, string inputColumnName)[] columns)
        : base(host)
    {
        var twice = columns.GroupBy(column => column.outputColumnName).FirstOrDefault(group => group.Count() > 1);
        Contracts.CheckParam(twice == null, nameof(columns), $"Output column '{twice?.Key}' specified multiple times");
        ColumnPairs = columns;
    }

    private protected OneToOneTransformerBase(IHost host, ModelLoadContext ctx)
        : this(host, ReadColumns(ctx))
    {
    }

    private protected (string outputColumnName, string inputColumnName)[] ColumnPairs { get; }

    private protected override AddedColumns MakeMapper(DataViewSchema inputSchema)
    {
        var outputs = new List<AddedColumn>();
        for (var i = 0; i < ColumnPairs.Length; i++)
        {
            var (output, input) = ColumnPairs[i];
            if (inputSchema.GetColumnOrNull(input) is not { } column)
                throw Contracts.MissingColumn(nameof(inputSchema), "input", input);
            outputs.Add(MakeColumn(i, output, column));
        }
        return new AddedColumns(inputSchema, outputs);
    }

    private protected abstract AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input);

    private protected void SaveColumns(ModelSaveContext ctx)
    {
        ctx.Writer.Write(ColumnPairs.Length);
        foreach (var (output, input) in ColumnPairs)
        {
            ctx.Writer.Write(output);
            ctx.Writer.Write(input);
        }
    }

    private static (string, string)[] ReadColumns(ModelLoadContext ctx)
    {
        var count = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(count > 0, "A transformer has no columns.");
        return Enumerable.Range(0, count).Select(_ => (ctx.Reader.ReadString(), ctx.Reader.ReadString())).ToArray();
    }
}

using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNet.Outside;

public static class ScalingCatalog
{
    public static ScalingEstimator Scaling(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog) =>
        new(((IInternalCatalog)catalog).Environment);
}

/// <summary>Learns the largest Value and divides by it: the smallest stage with something to save.</summary>
public sealed class ScalingEstimator(IHostEnvironment env) : IEstimator<ScalingTransformer>
{
    public ScalingTransformer Fit(IDataView input) => new(env, input.GetColumn<float>("Value").Max());

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) =>
        new(inputSchema.Append(new SchemaShape.Column("Scaled", SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.Single, false)));
}

public sealed class ScalingTransformer : ITransformer
{
    public const string LoaderSignature = "OutsideScaling";
    private readonly IHost _host;
    private readonly float _largest;

    internal ScalingTransformer(IHostEnvironment env, float largest)
    {
        _host = env.Register(nameof(ScalingTransformer));
        _largest = largest;
    }

    public bool IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        builder.AddColumn("Scaled", NumberDataViewType.Single);
        return builder.ToSchema();
    }

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new Mapper(this, inputSchema);

    public IDataView Transform(IDataView input) => new View(input, new Mapper(this, input.Schema));

    public void Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        ctx.Writer.Write(nameof(ScalingTransformer));
        ctx.SaveBinaryStream("Largest.bin", writer => writer.Write(_largest));
        using var channel = _host.Start("Saving");
        channel.Info(MessageSensitivity.None, "saved");
    }

    private static ScalingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        if (ctx.Reader.ReadString() != nameof(ScalingTransformer))
            throw new FormatException("not a scaling transformer");
        var largest = 0f;
        if (!ctx.TryLoadBinaryStream("Largest.bin", reader => largest = reader.ReadSingle()))
            throw new FormatException("a scaling transformer without its factor");
        return new ScalingTransformer(env, largest);
    }

    private static VersionInfo Version() => new(
        modelSignature: "OUTSCALE",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: typeof(ScalingTransformer).Assembly.FullName,
        loaderSignature: LoaderSignature);

    private sealed class Mapper(ScalingTransformer transformer, DataViewSchema inputSchema) : IRowToRowMapper
    {
        public DataViewSchema InputSchema => inputSchema;

        public DataViewSchema OutputSchema { get; } = transformer.GetOutputSchema(inputSchema);

        public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
            dependingColumns.Select(column => column.Index < inputSchema.Count ? column.Index : inputSchema["Value"].Index).Distinct().Select(index => inputSchema[index]);

        public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
        {
            var active = new HashSet<int>(activeColumns.Select(column => column.Index));
            return new Row(input, OutputSchema, active, transformer._largest);
        }
    }

    private sealed class Row(DataViewRow input, DataViewSchema schema, HashSet<int> active, float largest) : DataViewRow
    {
        public override DataViewSchema Schema => schema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Index < input.Schema.Count)
                return input.GetGetter<TValue>(input.Schema[column.Index]);
            var getter = input.GetGetter<float>(input.Schema["Value"]);
            ValueGetter<float> scaled = (ref float value) =>
            {
                getter(ref value);
                value /= largest;
            };
            return (ValueGetter<TValue>)(Delegate)scaled;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class View(IDataView input, Mapper mapper) : IDataView
    {
        public DataViewSchema Schema => mapper.OutputSchema;

        public bool CanShuffle => input.CanShuffle;

        public long? GetRowCount() => input.GetRowCount();

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        {
            var active = columnsNeeded.ToArray();
            var cursor = input.GetRowCursor(mapper.GetDependencies(active), rand);
            return new Cursor(cursor, mapper.GetRow(cursor, active));
        }

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
    }

    private sealed class Cursor(DataViewRowCursor input, DataViewRow row) : DataViewRowCursor
    {
        public override DataViewSchema Schema => row.Schema;

        public override long Position => row.Position;

        public override long Batch => row.Batch;

        public override bool MoveNext() => input.MoveNext();

        public override ValueGetter<DataViewRowId> GetIdGetter() => row.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => row.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => row.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                row.Dispose();
            base.Dispose(disposing);
        }
    }
}

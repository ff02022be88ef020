// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: loading, caching, shuffling, filtering and splitting of rows.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed class DataOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal DataOperationsCatalog(IHostEnvironment env) => _env = env;

    IHostEnvironment IInternalCatalog.Environment => _env;

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null)
        where TRow : class
    {
        Contracts.CheckValue(data, nameof(data));
        return new EnumerableView<TRow>(data, ObjectReader<TRow>.Create(schemaDefinition));
    }

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, DataViewSchema schema)
        where TRow : class
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckValue(schema, nameof(schema));
        var definition = SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read);
        foreach (var column in definition)
        {
            if (schema.GetColumnOrNull(column.ColumnName) is not { } wanted)
                continue;
            column.ColumnType = wanted.Type;
            column.SetAnnotations(wanted.Annotations);
        }
        return new EnumerableView<TRow>(data, new ObjectReader<TRow>(definition));
    }

    public IEnumerable<TRow> CreateEnumerable<TRow>(IDataView data, bool reuseRowObject, bool ignoreMissingColumns = false, SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        Contracts.CheckValue(data, nameof(data));
        var writer = new ObjectWriter<TRow>(data.Schema, ignoreMissingColumns, schemaDefinition);
        return Rows();

        IEnumerable<TRow> Rows()
        {
            using var cursor = data.GetRowCursor(writer.Columns);
            var fill = writer.Bind(cursor);
            var row = new TRow();
            while (cursor.MoveNext())
            {
                if (!reuseRowObject)
                    row = new TRow();
                fill(row);
                yield return row;
            }
        }
    }

    public IDataView Cache(IDataView input, params string[] columnsToPrefetch) => new CacheView(Contracts.CheckValue(input, nameof(input)), columnsToPrefetch);

    public IDataView ShuffleRows(IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        Contracts.CheckValue(input, nameof(input));
        Contracts.CheckParam(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        return new ShuffleView(input, seed ?? _env.Register("Shuffle").Rand.Next(), shufflePoolSize, shuffleSource);
    }

    public IDataView TakeRows(IDataView input, long count) => SkipTake(input, count, skip: 0, take: count);

    public IDataView SkipRows(IDataView input, long count) => SkipTake(input, count, skip: count, take: long.MaxValue);

    public IDataView FilterRowsByColumn(IDataView input, string columnName, double lowerBound = double.NegativeInfinity, double upperBound = double.PositiveInfinity)
    {
        Contracts.CheckValue(input, nameof(input));
        Contracts.CheckParam(lowerBound < upperBound, nameof(upperBound), "Must be less than lowerBound");
        var column = input.Schema.GetColumnOrNull(columnName) ?? throw Contracts.MissingColumn("schema", "filter", columnName);
        if (column.Type != NumberDataViewType.Single && column.Type != NumberDataViewType.Double)
            throw Contracts.SchemaMismatch("schema", "filter", columnName, "Single or Double", column.Type.ToString());
        return new FilterView(input, [column], row =>
        {
            if (column.Type == NumberDataViewType.Single)
            {
                var single = row.GetGetter<float>(row.Schema[column.Index]);
                var x = 0f;
                return () =>
                {
                    single(ref x);
                    return lowerBound <= x && x < upperBound;
                };
            }
            var number = row.GetGetter<double>(row.Schema[column.Index]);
            var y = 0.0;
            return () =>
            {
                number(ref y);
                return lowerBound <= y && y < upperBound;
            };
        }, dependsOnOrder: false);
    }

    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckParam(testFraction is > 0 and < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        var splitter = new DataSplitter(_env, data, samplingKeyColumnName, seed);
        return new TrainTestData(splitter.Range(0, testFraction, complement: true), splitter.Range(0, testFraction, complement: false));
    }

    public IReadOnlyList<TrainTestData> CrossValidationSplit(IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckParam(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        var splitter = new DataSplitter(_env, data, samplingKeyColumnName, seed);
        return Enumerable.Range(0, numberOfFolds).Select(fold =>
        {
            var (from, to) = ((double)fold / numberOfFolds, (double)(fold + 1) / numberOfFolds);
            return new TrainTestData(splitter.Range(from, to, complement: true), splitter.Range(from, to, complement: false));
        }).ToArray();
    }

    private static SkipTakeView SkipTake(IDataView input, long count, long skip, long take)
    {
        Contracts.CheckValue(input, nameof(input));
        Contracts.CheckParam(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeView(input, skip, take);
    }

    public readonly struct TrainTestData
    {
        public readonly IDataView TrainSet;
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}

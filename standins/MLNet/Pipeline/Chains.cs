// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: stages in a row.
using System.Collections;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

[Flags]
public enum TransformerScope
{
    None = 0,
    Training = 1,
    Testing = 2,
    Scoring = 4,
    TrainTest = Training | Testing,
    Everything = Training | Testing | Scoring,
}

public sealed class EstimatorChain<TLastTransformer> : IEstimator<TransformerChain<TLastTransformer>>
    where TLastTransformer : class, ITransformer
{
    public readonly IEstimator<TLastTransformer> LastEstimator;
    private readonly EstimatorStage[] _stages;

    public EstimatorChain()
        : this([])
    {
    }

    internal EstimatorChain(EstimatorStage[] stages)
    {
        _stages = stages;
        LastEstimator = stages.LastOrDefault()?.Estimator as IEstimator<TLastTransformer>;
    }

    public EstimatorChain<TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator, TransformerScope scope = TransformerScope.Everything)
        where TNewTrans : class, ITransformer =>
        new([.. _stages, new EstimatorStage(Contracts.CheckValue(estimator, nameof(estimator)), scope, false)]);

    public EstimatorChain<TLastTransformer> AppendCacheCheckpoint(IHostEnvironment env)
    {
        Contracts.CheckValue(env, nameof(env));
        if (_stages.Length == 0)
            throw new InvalidOperationException("Current estimator chain has no estimator, can't append cache checkpoint.");
        return new([.. _stages[..^1], _stages[^1] with { CacheAfter = true }]);
    }

    public TransformerChain<TLastTransformer> Fit(IDataView input)
    {
        Contracts.CheckValue(input, nameof(input));
        // Before anything is fitted, the whole chain checks the schema.
        GetOutputSchema(SchemaShape.Create(input.Schema));

        var transformers = new ITransformer[_stages.Length];
        for (var i = 0; i < _stages.Length; i++)
        {
            transformers[i] = _stages[i].Estimator.Fit(input);
            input = transformers[i].Transform(input);
            if (_stages[i].CacheAfter && i < _stages.Length - 1)
                input = new CacheView(input, null);
        }
        return new TransformerChain<TLastTransformer>(transformers, _stages.Select(stage => stage.Scope));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _stages.Aggregate(inputSchema, (shape, stage) => stage.Estimator.GetOutputSchema(shape));
}

internal sealed record EstimatorStage(IEstimator<ITransformer> Estimator, TransformerScope Scope, bool CacheAfter);

public sealed class TransformerChain<TLastTransformer> : ITransformer, IEnumerable<ITransformer>, IDisposable
    where TLastTransformer : class, ITransformer
{
    public readonly TLastTransformer LastTransformer;
    private readonly ITransformer[] _transformers;
    private readonly TransformerScope[] _scopes;
    private bool _disposed;

    public TransformerChain(IEnumerable<ITransformer> transformers, IEnumerable<TransformerScope> scopes)
    {
        _transformers = Contracts.CheckValue(transformers, nameof(transformers)).ToArray();
        _scopes = Contracts.CheckValue(scopes, nameof(scopes)).ToArray();
        Contracts.CheckParam(_transformers.Length == _scopes.Length, nameof(scopes), "As many scopes as transformers are needed.");
        LastTransformer = _transformers.LastOrDefault() as TLastTransformer;
        Contracts.CheckParam(_transformers.Length == 0 || LastTransformer != null, nameof(transformers), $"The last transformer must be a {typeof(TLastTransformer)}.");
    }

    public TransformerChain(params ITransformer[] transformers)
        : this(transformers ?? [], Enumerable.Repeat(TransformerScope.Everything, transformers?.Length ?? 0))
    {
    }

    bool ITransformer.IsRowToRowMapper => _transformers.All(transformer => transformer.IsRowToRowMapper);

    public IDataView Transform(IDataView input) => Transform(input, TransformerScope.Scoring);

    public IDataView Transform(IDataView input, TransformerScope scope)
    {
        Contracts.CheckValue(input, nameof(input));
        // Schemas are checked before anything else happens.
        GetOutputSchema(input.Schema, scope);
        return GetModelFor(scope).Aggregate(input, (data, transformer) => transformer.Transform(data));
    }

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetOutputSchema(inputSchema, TransformerScope.Scoring);

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema, TransformerScope scope)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return GetModelFor(scope).Aggregate(inputSchema, (schema, transformer) => transformer.GetOutputSchema(schema));
    }

    public TransformerChain<ITransformer> GetModelFor(TransformerScope scopeFilter)
    {
        var kept = Enumerable.Range(0, _transformers.Length).Where(i => (_scopes[i] & scopeFilter) != TransformerScope.None).ToArray();
        return new TransformerChain<ITransformer>(kept.Select(i => _transformers[i]), kept.Select(i => _scopes[i]));
    }

    public TransformerChain<TNewLast> Append<TNewLast>(TNewLast transformer, TransformerScope scope = TransformerScope.Everything)
        where TNewLast : class, ITransformer =>
        new([.. _transformers, Contracts.CheckValue(transformer, nameof(transformer))], [.. _scopes, scope]);

    public IEnumerator<ITransformer> GetEnumerator() => ((IEnumerable<ITransformer>)_transformers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        if (!((ITransformer)this).IsRowToRowMapper)
            throw new InvalidOperationException("Method 'GetRowToRowMapper' called despite IsRowToRowMapper being false.");
        var mappers = new List<IRowToRowMapper>();
        foreach (var transformer in _transformers)
        {
            mappers.Add(transformer.GetRowToRowMapper(inputSchema));
            inputSchema = mappers[^1].OutputSchema;
        }
        return mappers.Count > 0 ? new ChainedMapper(mappers) : new AddedColumns(inputSchema, []);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => TransformerChain.Save(ctx, _transformers, _scopes);

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var transformer in _transformers)
            (transformer as IDisposable)?.Dispose();
    }
}

internal sealed class ChainedMapper(List<IRowToRowMapper> mappers) : IRowToRowMapper
{
    public DataViewSchema InputSchema => mappers[0].InputSchema;

    public DataViewSchema OutputSchema => mappers[^1].OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        Enumerable.Reverse(mappers).Aggregate(dependingColumns, (columns, mapper) => mapper.GetDependencies(columns));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        // Each mapper's outputs are active as far as the mappers after it need them.
        var active = new IEnumerable<DataViewSchema.Column>[mappers.Count];
        active[^1] = activeColumns.ToArray();
        for (var i = mappers.Count - 1; i > 0; i--)
            active[i - 1] = mappers[i].GetDependencies(active[i]).ToArray();
        for (var i = 0; i < mappers.Count; i++)
            input = mappers[i].GetRow(input, active[i]);
        return input;
    }
}

internal static class TransformerChain
{
    public const string LoaderSignature = "TransformerChain";

    public static void Save(ModelSaveContext ctx, ITransformer[] transformers, TransformerScope[] scopes)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        ctx.Writer.Write(transformers.Length);
        for (var i = 0; i < transformers.Length; i++)
        {
            ctx.Writer.Write((int)scopes[i]);
            ctx.SaveModel(transformers[i], DirectoryOf(i));
        }
    }

    private static TransformerChain<ITransformer> Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        var count = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(count >= 0, "Corrupt transformer chain");
        var scopes = new TransformerScope[count];
        var transformers = new ITransformer[count];
        for (var i = 0; i < count; i++)
        {
            scopes[i] = (TransformerScope)ctx.Reader.ReadInt32();
            ctx.LoadModel<ITransformer, SignatureLoadModel>(env, out transformers[i], DirectoryOf(i));
        }
        return new TransformerChain<ITransformer>(transformers, scopes);
    }

    private static string DirectoryOf(int index) => $"Transform_{index:000}";

    private static VersionInfo Version() => new("XF  PIPE", 0x00010001, 0x00010001, 0x00010001, typeof(TransformerChain).Assembly.FullName, LoaderSignature);
}

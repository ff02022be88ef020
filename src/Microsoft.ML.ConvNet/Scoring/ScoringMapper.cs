using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>Scores rows one by one, as a prediction engine does.</summary>
internal sealed class ScoringMapper(ConvNetTransformer transformer, DataViewSchema inputSchema) : IRowToRowMapper
{
    public DataViewSchema InputSchema => inputSchema;

    public DataViewSchema OutputSchema { get; } = transformer.GetOutputSchema(inputSchema);

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var feature = inputSchema[transformer.FeatureColumnName].Index;
        return dependingColumns.Select(c => c.Index < inputSchema.Count ? c.Index : feature).Distinct().Order().Select(i => inputSchema[i]);
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        var active = ActiveColumns.Of(OutputSchema, activeColumns);
        if (!active.AnyFrom(inputSchema.Count))
            return new ScoredRow(input, OutputSchema, active.Contains, () => 0, null, transformer.LabelType);

        var scorer = transformer.CreateScorer(inputSchema, maxBatch: 1);
        var fill = scorer.Bind(input);
        var scored = -1L;
        return new ScoredRow(input, OutputSchema, active.Contains, Current, scorer, transformer.LabelType);

        // Both columns share one evaluation of a row; a row that does not say where it is, below 0, is evaluated each time.
        int Current()
        {
            if (input.Position < 0 || input.Position != scored)
            {
                fill(0);
                scorer.Score(1);
                scored = input.Position;
            }

            return 0;
        }
    }
}

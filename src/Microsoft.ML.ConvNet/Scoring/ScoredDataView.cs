using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// A data view with the columns of scoring, computed in batches: a cursor reads a batch of rows ahead of its consumer, keeps
/// what is asked for, and scores the rows at once.
/// </summary>
internal sealed class ScoredDataView(ConvNetTransformer transformer, IDataView input) : IDataView
{
    private const int BatchSize = 64;

    public DataViewSchema Schema { get; } = transformer.GetOutputSchema(input.Schema);

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = ActiveColumns.Of(Schema, columnsNeeded);
        var passed = active.In(input.Schema);
        if (!active.AnyFrom(input.Schema.Count))
        {
            var unscored = input.GetRowCursor(passed, rand);
            return new Cursor(unscored.MoveNext, new ScoredRow(unscored, Schema, active.Contains, () => 0, null, transformer.LabelType));
        }

        var cursor = input.GetRowCursor(passed.Append(input.Schema[transformer.FeatureColumnName]).DistinctBy(c => c.Index), rand);
        try
        {
            return passed.All(c => RowBuffer.CanKeep(c.Type)) ? InBatches(cursor, active, passed) : RowByRow(cursor, active);
        }
        catch
        {
            cursor.Dispose();
            throw;
        }
    }

    // One cursor keeps all processors busy by itself.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private Cursor InBatches(DataViewRowCursor cursor, ActiveColumns active, IReadOnlyList<DataViewSchema.Column> passed)
    {
        var scorer = transformer.CreateScorer(input.Schema, BatchSize);
        var rows = new RowBuffer(cursor, passed, BatchSize, scorer.Bind(cursor), scorer.Score);
        return new Cursor(rows.MoveNext, new ScoredRow(rows, Schema, active.Contains, () => rows.Current, scorer, transformer.LabelType));
    }

    private Cursor RowByRow(DataViewRowCursor cursor, ActiveColumns active)
        => new(cursor.MoveNext, new ScoringMapper(transformer, input.Schema).GetRow(cursor, Schema.Where(active.Contains)));

    /// <summary>A row that moves.</summary>
    private sealed class Cursor(Func<bool> moveNext, DataViewRow row) : DataViewRowCursor
    {
        public override DataViewSchema Schema => row.Schema;

        public override long Position => row.Position;

        public override long Batch => row.Batch;

        public override bool MoveNext() => moveNext();

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

using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// A data view with the columns of scoring, computed in batches. A cursor goes through the input twice: one cursor passes rows
/// on, another runs a batch ahead of it on the feature column alone. Both must see the same rows, which their ids prove.
/// </summary>
internal sealed class ScoredDataView(ConvNetTransformer transformer, IDataView input) : IDataView
{
    private const int BatchSize = 64;

    public DataViewSchema Schema { get; } = transformer.GetOutputSchema(input.Schema);

    // Shuffled twice, the rows would come in two orders.
    public bool CanShuffle => false;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = ActiveColumns.Of(Schema, columnsNeeded);
        var passed = input.GetRowCursor(active.In(input.Schema));
        if (!active.AnyFrom(input.Schema.Count))
            return new Cursor(passed, new ScoredRow(passed, Schema, active.Contains, () => 0, null, transformer.LabelType), null);
        var ahead = new LookAhead(
            input.GetRowCursor([input.Schema[transformer.FeatureColumnName]]), transformer.CreateScorer(input.Schema, BatchSize));
        return new Cursor(
            passed, new ScoredRow(passed, Schema, active.Contains, () => ahead.Current, ahead.Scorer, transformer.LabelType), ahead);
    }

    // One cursor keeps all processors busy by itself.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    /// <summary>The cursor that runs ahead, and the batch that it has scored.</summary>
    private sealed class LookAhead(DataViewRowCursor cursor, Scorer scorer) : IDisposable
    {
        private readonly Action<int> _fill = scorer.Bind(cursor);
        private readonly ValueGetter<DataViewRowId> _id = cursor.GetIdGetter();
        private readonly DataViewRowId[] _ids = new DataViewRowId[scorer.MaxBatch];
        private int _count;

        public Scorer Scorer => scorer;

        /// <summary>Where in the batch the current row is.</summary>
        public int Current { get; private set; } = -1;

        /// <summary>Moves on to the row of this id.</summary>
        /// <exception cref="InvalidOperationException">The next row is another.</exception>
        public void MoveTo(DataViewRowId id)
        {
            if (++Current >= _count)
                ScoreNextBatch();
            if (_count == 0 || !_ids[Current].Equals(id))
                throw new InvalidOperationException("The input gives other rows when it is read again, so it cannot be scored in batches; cache it first (Data.Cache, for vector features).");
        }

        public void Dispose() => cursor.Dispose();

        private void ScoreNextBatch()
        {
            (_count, Current) = (0, 0);
            while (_count < scorer.MaxBatch && cursor.MoveNext())
            {
                _fill(_count);
                _id(ref _ids[_count++]);
            }

            if (_count > 0)
                scorer.Score(_count);
        }
    }

    private sealed class Cursor(DataViewRowCursor input, ScoredRow row, LookAhead? ahead) : DataViewRowCursor
    {
        private readonly ValueGetter<DataViewRowId> _id = input.GetIdGetter();

        public override DataViewSchema Schema => row.Schema;

        public override long Position => row.Position;

        public override long Batch => row.Batch;

        public override bool MoveNext()
        {
            if (!input.MoveNext())
                return false;
            if (ahead != null)
            {
                var id = default(DataViewRowId);
                _id(ref id);
                ahead.MoveTo(id);
            }

            return true;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => row.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => row.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                row.Dispose();
                ahead?.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

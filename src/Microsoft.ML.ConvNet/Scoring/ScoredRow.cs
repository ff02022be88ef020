using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// A row with the two columns of scoring behind those of the input row. Row-wise mapping and batched cursors differ only in
/// when a row is scored.
/// </summary>
/// <param name="input">The input row; this row passes its columns on and disposes it.</param>
/// <param name="schema">The schema with the added columns.</param>
/// <param name="active">Whether a column of the schema may be asked for.</param>
/// <param name="current">Scores the row if need be, and says where in the scorer's batch it is.</param>
/// <param name="scorer">The scorer, or null where no added column is active.</param>
/// <param name="labelType">The raw type of the predicted label.</param>
internal sealed class ScoredRow(
    DataViewRow input, DataViewSchema schema, Func<DataViewSchema.Column, bool> active, Func<int> current, Scorer? scorer, Type labelType) : DataViewRow
{
    public override DataViewSchema Schema => schema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => active(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!active(column))
            throw new InvalidOperationException($"The column '{column.Name}' is not active; ask for it when you get the cursor.");
        if (column.Index < input.Schema.Count)
            return input.GetGetter<TValue>(input.Schema[column.Index]);
        var getter = column.Index == input.Schema.Count ? PredictedLabel() : Score();
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"The column '{column.Name}' is {column.Type}; it cannot be read as {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }

    private Delegate PredictedLabel()
    {
        return labelType == typeof(byte) ? As(key => (byte)key)
            : labelType == typeof(ushort) ? As(key => (ushort)key)
            : labelType == typeof(ulong) ? As(key => (ulong)key)
            : As(key => key);

        ValueGetter<T> As<T>(Func<uint, T> convert) => (ref T value) => value = convert(scorer!.PredictedKey(current()));
    }

    private ValueGetter<VBuffer<float>> Score() => (ref VBuffer<float> value) =>
    {
        var scores = scorer!.Scores(current());
        var editor = VBufferEditor.Create(ref value, scores.Length);
        scores.CopyTo(editor.Values);
        value = editor.Commit();
    };
}

using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// The two columns that scoring adds, with the annotations by which Evaluate and MapKeyToValue know them: as a shape, when a
/// pipeline is checked, and as columns, when it runs.
/// </summary>
internal static class OutputColumns
{
    private const string KeyValues = "KeyValues";
    private const string SlotNames = "SlotNames";
    private const string TrainingLabelValues = "TrainingLabelValues";
    private const string ScoreColumnSetId = "ScoreColumnSetId";
    private const string ScoreColumnKind = "ScoreColumnKind";
    private const string ScoreValueKind = "ScoreValueKind";

    /// <summary>The shapes of the predicted label and the score for a label column.</summary>
    public static IReadOnlyList<SchemaShape.Column> Shapes(SchemaShape.Column label, string predictedLabel, string score)
    {
        SchemaShape.Column[] common =
        [
            Column(ScoreColumnSetId, NumberDataViewType.UInt32, isKey: true),
            Column(ScoreColumnKind, TextDataViewType.Instance),
            Column(ScoreValueKind, TextDataViewType.Instance),
        ];
        var names = label.Annotations.FirstOrDefault(c => c.Name == KeyValues);
        SchemaShape.Column[] ofLabel = names.Name == null || !ClassNames.CanBe(names.ItemType) ? [] : [names];
        SchemaShape.Column[] ofScore = names.Name != null && names.Kind == SchemaShape.Column.VectorKind.Vector && names.ItemType is TextDataViewType
            ? [Vector(SlotNames, TextDataViewType.Instance), Vector(TrainingLabelValues, TextDataViewType.Instance)]
            : [];
        return
        [
            new(predictedLabel, SchemaShape.Column.VectorKind.Scalar, label.ItemType, true, new SchemaShape([.. common, .. ofLabel])),
            new(score, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, false, new SchemaShape([.. common, .. ofScore])),
        ];
    }

    /// <summary>The input's schema with the predicted label and the score.</summary>
    public static DataViewSchema AddTo(DataViewSchema input, KeyDataViewType labelType, ClassNames? names, string predictedLabel, string score)
    {
        var set = input.Max(SetOf) + 1;
        var ofLabel = Annotations("PredictedLabel", set);
        names?.AddTo(ofLabel, KeyValues);
        var ofScore = Annotations("Score", set);
        if (names is { IsText: true })
        {
            names.AddTo(ofScore, SlotNames);
            names.AddTo(ofScore, TrainingLabelValues);
        }

        var schema = new DataViewSchema.Builder();
        schema.AddColumns(input);
        schema.AddColumn(predictedLabel, labelType, ofLabel.ToAnnotations());
        schema.AddColumn(score, new VectorDataViewType(NumberDataViewType.Single, (int)labelType.Count), ofScore.ToAnnotations());
        return schema.ToSchema();
    }

    /// <summary>The number by which the columns of one scoring belong together, or 0.</summary>
    private static uint SetOf(DataViewSchema.Column column)
    {
        var set = 0u;
        if (column.Annotations.Schema.GetColumnOrNull(ScoreColumnSetId)?.Type is KeyDataViewType type && type.RawType == typeof(uint))
            column.Annotations.GetValue(ScoreColumnSetId, ref set);
        return set;
    }

    private static DataViewSchema.Annotations.Builder Annotations(string valueKind, uint set)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue(ScoreColumnSetId, new KeyDataViewType(typeof(uint), int.MaxValue), set);
        annotations.AddPrimitiveValue(ScoreColumnKind, TextDataViewType.Instance, "MulticlassClassification".AsMemory());
        annotations.AddPrimitiveValue(ScoreValueKind, TextDataViewType.Instance, valueKind.AsMemory());
        return annotations;
    }

    private static SchemaShape.Column Column(string name, DataViewType type, bool isKey = false)
        => new(name, SchemaShape.Column.VectorKind.Scalar, type, isKey, null);

    private static SchemaShape.Column Vector(string name, DataViewType type)
        => new(name, SchemaShape.Column.VectorKind.Vector, type, false, null);
}

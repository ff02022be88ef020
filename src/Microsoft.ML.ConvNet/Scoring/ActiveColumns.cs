namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>Which columns of a schema a consumer wants to read.</summary>
internal sealed class ActiveColumns
{
    private readonly bool[] _active;

    private ActiveColumns(bool[] active) => _active = active;

    public static ActiveColumns Of(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        var active = new bool[schema.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return new ActiveColumns(active);
    }

    public bool Contains(DataViewSchema.Column column) => _active[column.Index];

    /// <summary>Whether a column with this index or a higher one is active.</summary>
    public bool AnyFrom(int index) => _active.AsSpan(index).Contains(true);

    /// <summary>The active columns among those of another schema with the same leading columns.</summary>
    public IReadOnlyList<DataViewSchema.Column> In(DataViewSchema schema) => [.. schema.Where(c => _active[c.Index])];
}

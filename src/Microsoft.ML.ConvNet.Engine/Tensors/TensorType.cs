namespace Microsoft.ML.ConvNet;

/// <summary>
/// What flows along an edge of the graph: 32-bit floats of one shape, once for each sample of the batch
/// (activations) or once for all of them (parameters, statistics, a mean loss).
/// </summary>
/// <param name="Shape">The shape of one sample, or of the whole when there is no batch.</param>
/// <param name="Batched">Whether there is one such tensor for each sample.</param>
public readonly record struct TensorType(Shape Shape, bool Batched)
{
    private readonly Layout? _layout;

    /// <summary>How the elements lie in memory; plain by default.</summary>
    public Layout Layout
    {
        get => _layout ?? Layout.Plain;
        init => _layout = value == Layout.Plain ? null : value;
    }

    /// <summary>The same tensor in the layout that users see.</summary>
    internal TensorType Plain => new(Shape, Batched);

    /// <summary>The number of elements in memory for a batch of <paramref name="batch"/> samples.</summary>
    public long Length(int batch) => Batched ? (long)Layout.PaddedBatch(batch) * Shape.Length : Shape.Length;

    /// <summary>The shape, led by N× where there is a batch, and the layout where it is not plain.</summary>
    public override string ToString()
    {
        var text = Batched ? Shape.Rank == 0 ? "N" : $"N×{Shape}" : Shape.ToString();
        return _layout is { } layout ? $"{text} {layout}" : text;
    }
}

namespace Microsoft.ML.ConvNet;

/// <summary>
/// What flows along an edge of the graph: 32-bit floats of one shape, once for each sample of the batch
/// (activations) or once for all of them (parameters, statistics, a mean loss).
/// </summary>
/// <param name="Shape">The shape of one sample, or of the whole when there is no batch.</param>
/// <param name="Batched">Whether there is one such tensor for each sample.</param>
public readonly record struct TensorType(Shape Shape, bool Batched)
{
    /// <summary>The number of elements for a batch of <paramref name="batch"/> samples.</summary>
    public long Length(int batch) => Batched ? (long)batch * Shape.Length : Shape.Length;

    /// <summary>The shape, led by N× where there is a batch.</summary>
    public override string ToString() => Batched ? Shape.Rank == 0 ? "N" : $"N×{Shape}" : Shape.ToString();
}

namespace Microsoft.ML.ConvNet.Backends;

/// <summary>Memory of a backend, in floats.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>The number of floats.</summary>
    public abstract long Length { get; }

    /// <summary>
    /// The floats at <paramref name="offset"/> as host memory, or an empty span where the memory is not the host's.
    /// </summary>
    public virtual Span<float> HostSpan(long offset, int length) => default;

    /// <summary>Copies from the host.</summary>
    public abstract void Write(long offset, ReadOnlySpan<float> source);

    /// <summary>
    /// Begins to copy from the host, which need not wait for what still uses the place; calling what is returned ends it, and the source stays as it is until then. By
    /// default all is done at the end.
    /// </summary>
    public virtual Action BeginWrite(long offset, ReadOnlyMemory<float> source) => () => Write(offset, source.Span);

    /// <summary>Copies to the host.</summary>
    public abstract void Read(long offset, Span<float> destination);

    /// <summary>Copies to memory of the same backend; on a device that need not wait for what was started before, or be waited for. By default by way of the host.</summary>
    public virtual void CopyTo(long offset, DeviceBuffer target, long targetOffset, int length)
    {
        var values = HostSpan(offset, length);
        if (values.IsEmpty && length > 0)
            Read(offset, values = new float[length]);
        target.Write(targetOffset, values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory.</summary>
    protected virtual void Dispose(bool disposing) { }
}

/// <summary>A tensor in the memory of a backend.</summary>
/// <param name="Buffer">The memory.</param>
/// <param name="Offset">The index of the first element in it.</param>
/// <param name="Type">The shape, and whether the tensor has a batch.</param>
public readonly record struct TensorView(DeviceBuffer Buffer, long Offset, TensorType Type)
{
    /// <summary>Copies the first <paramref name="source"/>.Length elements from the host.</summary>
    public void Write(ReadOnlySpan<float> source) => Buffer.Write(Offset, source);

    /// <summary>Begins to copy the first <paramref name="source"/>.Length elements from the host: see <see cref="DeviceBuffer.BeginWrite"/>.</summary>
    public Action BeginWrite(ReadOnlyMemory<float> source) => Buffer.BeginWrite(Offset, source);

    /// <summary>Copies the first <paramref name="destination"/>.Length elements to the host.</summary>
    public void Read(Span<float> destination) => Buffer.Read(Offset, destination);
}

namespace ILGPU.Runtime;

/// <summary>Memory of an accelerator.</summary>
public abstract class MemoryBuffer : AcceleratorObject
{
    protected MemoryBuffer(Accelerator accelerator, long length, int elementSize) : base(accelerator)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(elementSize, 1);
        Length = length;
        ElementSize = elementSize;
    }

    public nint NativePtr { get; protected set; }
    public long Length { get; }
    public int ElementSize { get; }
    public long LengthInBytes => Length * ElementSize;

    internal volatile bool IsFreed;

    public ArrayView<byte> AsRawArrayView() => AsRawArrayView(0, LengthInBytes);
    public ArrayView<byte> AsRawArrayView(long offsetInBytes) => AsRawArrayView(offsetInBytes, LengthInBytes - offsetInBytes);
    public ArrayView<byte> AsRawArrayView(long offsetInBytes, long lengthInBytes) => new(this, offsetInBytes, lengthInBytes);

    public ArrayView<T> AsArrayView<T>(long offset, long length) where T : unmanaged =>
        Interop.SizeOf<T>() == ElementSize
            ? new(this, offset, length)
            : throw new NotSupportedException($"The buffer has elements of {ElementSize} bytes; those of {typeof(T).Name} have {Interop.SizeOf<T>()}.");

    public void MemSet(AcceleratorStream stream, byte value, long targetOffsetInBytes, long length) =>
        AsRawArrayView(targetOffsetInBytes, length).MemSet(stream, value);

    public void CopyTo(AcceleratorStream stream, long sourceOffsetInBytes, in ArrayView<byte> targetView) =>
        AsRawArrayView(sourceOffsetInBytes, targetView.Length).CopyTo(stream, targetView);

    public void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, long targetOffsetInBytes) =>
        sourceView.CopyTo(stream, AsRawArrayView(targetOffsetInBytes, sourceView.Length));
}

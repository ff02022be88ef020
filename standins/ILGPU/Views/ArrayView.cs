using System.Diagnostics;
using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>A part of a buffer. Where the real views check ranges in debugging only, these always do, and they throw.</summary>
[DebuggerDisplay("{Index} [{Length}]")]
public readonly unsafe struct ArrayView<T> : IContiguousArrayView<T> where T : unmanaged
{
    public static readonly int ElementSize = sizeof(T);
    public static readonly ArrayView<T> Empty;

    private readonly MemoryBuffer _buffer;
    private readonly T* _data;

    public ArrayView(MemoryBuffer source, long index, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if ((index + length) * sizeof(T) > source.LengthInBytes)
            throw new ArgumentOutOfRangeException(nameof(length), $"Elements {index} to {index + length} of a buffer of {source.LengthInBytes} bytes, {sizeof(T)} each.");
        _buffer = source;
        _data = (T*)source.NativePtr + index;
        Length = length;
    }

    internal ArrayView(MemoryBuffer buffer, T* data, long length)
    {
        _buffer = buffer;
        _data = data;
        Length = length;
    }

    internal MemoryBuffer Buffer => _buffer;
    internal T* Data => _data;
    internal Span<T> Span => new(Checked, checked((int)Length));
    internal long IndexInBytes => _buffer == null ? 0 : (byte*)_data - (byte*)_buffer.NativePtr;
    internal long Index => IndexInBytes / sizeof(T);

    /// <summary>The data of a view that may be used: its buffer still is.</summary>
    internal T* Checked
    {
        get
        {
            if (_buffer != null)
                ObjectDisposedException.ThrowIf(_buffer.IsFreed, _buffer);
            return _data;
        }
    }

    MemoryBuffer IArrayView.Buffer => _buffer;
    int IArrayView.ElementSize => sizeof(T);
    long IContiguousArrayView.Index => Index;
    long IContiguousArrayView.IndexInBytes => IndexInBytes;
    ArrayView<byte> IContiguousArrayView.AsRawArrayView() => new(_buffer, (byte*)_data, LengthInBytes);

    public bool IsValid => _buffer != null && Length > 0;
    public long Length { get; }
    public int IntLength => checked((int)Length);
    public long LengthInBytes => Length * sizeof(T);
    public LongIndex1D Extent => new(Length);
    public Index1D IntExtent => new(IntLength);
    public Stride1D.Dense Stride => default;

    public ref T this[Index1D index] => ref this[(long)index.X];
    public ref T this[LongIndex1D index] => ref this[index.X];
    public ref T this[int index] => ref this[(long)index];

    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)Length || _buffer.IsFreed)
                Fail(index);
            return ref _data[index];
        }
    }

    public ArrayView<T> SubView(long index) => SubView(index, Length - index);
    public ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    public ArrayView<T> SubView(long index, long subViewLength)
    {
        // As in the real views, an empty part may stand at the start of an empty view, but not at the end of another.
        if (index < 0 || index >= Length && !(index == 0 && Length == 0))
            throw new IndexOutOfRangeException($"The part starts at element {index} of a view of {Length}.");
        if (subViewLength < 0 || subViewLength > Length - index)
            throw new IndexOutOfRangeException($"{subViewLength} elements from element {index} of a view of {Length}.");
        return new(_buffer, _data + index, subViewLength);
    }

    public ArrayView<TOther> Cast<TOther>() where TOther : unmanaged
    {
        if (IndexInBytes % sizeof(TOther) != 0)
            throw new InvalidOperationException($"The view starts at byte {IndexInBytes} of its buffer, which is not a multiple of the {sizeof(TOther)} bytes of {typeof(TOther).Name}.");
        return new(_buffer, (TOther*)_data, LengthInBytes / sizeof(TOther));
    }

    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view.Extent, default);
    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView;

    public override string ToString() => $"{Index} [{Length}]";

    private void Fail(long index)
    {
        if ((ulong)index < (ulong)Length)
            ObjectDisposedException.ThrowIf(_buffer.IsFreed, _buffer);
        throw new IndexOutOfRangeException($"Element {index} of a view of {Length}.");
    }
}

using ILGPU.Kernels;
using ILGPU.Runtime.CPU;
using ILGPU.Util;

namespace ILGPU.Runtime;

/// <summary>Memory of the host that copies reach without a detour.</summary>
public abstract class PageLockedArray<T> : DisposeBase where T : unmanaged
{
    private protected MemoryBuffer? Memory { get; init; }

    public abstract Span<T> Span { get; }
    public ArrayView<T> ArrayView { get; private protected set; }
    public long Length => Span.Length;

    protected override void Dispose(bool disposing) => Memory?.Dispose();
}

public sealed unsafe class PageLockedArray1D<T> : PageLockedArray<T> where T : unmanaged
{
    public static readonly PageLockedArray1D<T> Empty = new(null, 0);

    private readonly T[] _array;

    internal PageLockedArray1D(Accelerator? accelerator, long extent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(extent);
        _array = GC.AllocateArray<T>(checked((int)extent), pinned: true);
        if (accelerator == null || extent == 0)
            return;
        DeviceTypes.CheckElement(typeof(T));
        Memory = new PinnedMemory(accelerator, _array, (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _array[0]), extent, sizeof(T));
        ArrayView = Memory.AsArrayView<T>(0, extent);
    }

    public LongIndex1D Extent => _array.LongLength;
    public override Span<T> Span => _array;
    public ref T this[int index] => ref _array[index];
    public ref T this[long index] => ref _array[index];

    public T[] GetArray() => _array;
}

public static class PageLockedArrayExtensions
{
    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent) where T : unmanaged => new(accelerator, extent);
}

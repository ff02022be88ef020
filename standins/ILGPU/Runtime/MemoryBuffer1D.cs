namespace ILGPU.Runtime;

/// <summary>A buffer that is known by a view of all of it.</summary>
public class MemoryBuffer<TView> : MemoryBuffer, IContiguousArrayView where TView : struct, IArrayView
{
    internal MemoryBuffer(Accelerator accelerator, in TView view) : base(accelerator, view.Length, view.ElementSize)
    {
        View = view;
        Memory = view.Buffer;
        NativePtr = Memory.NativePtr;
    }

    internal MemoryBuffer Memory { get; }

    public TView View { get; private set; }
    public bool IsValid => !IsDisposed;

    MemoryBuffer IArrayView.Buffer => Memory;
    long IContiguousArrayView.Index => 0;
    long IContiguousArrayView.IndexInBytes => 0;
    ArrayView<byte> IContiguousArrayView.AsRawArrayView() => Memory.AsRawArrayView();

    public static implicit operator TView(MemoryBuffer<TView> buffer) => buffer.View;

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        Memory.Dispose();
        IsFreed = true;
        NativePtr = 0;
        View = default;
    }
}

public class MemoryBuffer1D<T, TStride> : MemoryBuffer<ArrayView1D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    internal MemoryBuffer1D(Accelerator accelerator, in ArrayView1D<T, TStride> view) : base(accelerator, view) { }

    public LongIndex1D Extent => View.Extent;
    public Index1D IntExtent => View.IntExtent;

    public ArrayView<T> AsContiguous() => View.AsContiguous();
    public static explicit operator ArrayView<T>(MemoryBuffer1D<T, TStride> buffer) => buffer.AsContiguous();
}

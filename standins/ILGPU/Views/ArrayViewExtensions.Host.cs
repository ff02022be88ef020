using System.Runtime.CompilerServices;

namespace ILGPU.Runtime;

/// <summary>Copies between the device and ordinary memory of the host: they wait for the stream.</summary>
public static unsafe partial class ArrayViewExtensions
{
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, T[] data) where T : unmanaged =>
        accelerator.Allocate1D(accelerator.DefaultStream, data);

    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, AcceleratorStream stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        var buffer = accelerator.Allocate1D<T>(data.Length);
        buffer.View.CopyFromCPU(stream, data);
        return buffer;
    }

    public static void CopyFromCPU<T>(this ArrayView<T> view, T[] data) where T : unmanaged => view.AsDense().CopyFromCPU(data);
    public static void CopyFromCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data) where T : unmanaged => view.AsDense().CopyFromCPU(stream, data);
    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data) where T : unmanaged => buffer.View.CopyFromCPU(data);
    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream, T[] data) where T : unmanaged => buffer.View.CopyFromCPU(stream, data);

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        if (view.IsValid)
            view.CopyFromCPU(view.Stream(), data);
    }

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!view.IsValid)
            return;
        if (data.Length < view.Length)
            throw new ArgumentOutOfRangeException(nameof(data), $"{data.Length} elements for a view of {view.Length}.");
        view.BaseView.CopyFromCPU(stream, new ReadOnlySpan<T>(data));
    }

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, in ReadOnlySpan<T> span) where T : unmanaged =>
        target.BaseView.CopyFromCPU(stream, span);

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, ref T cpuData, long length) where T : unmanaged =>
        target.BaseView.CopyFromCPU(ref cpuData, length);

    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, ref T cpuData, long length) where T : unmanaged =>
        target.BaseView.CopyFromCPU(stream, ref cpuData, length);

    public static void CopyFromCPU<T, TView>(this TView target, in ReadOnlySpan<T> span) where T : unmanaged where TView : IContiguousArrayView<T> =>
        target.CopyFromCPU(target.Stream(), span);

    public static void CopyFromCPU<T, TView>(this TView target, ref T cpuData, long length) where T : unmanaged where TView : IContiguousArrayView<T> =>
        target.CopyFromCPU(target.Stream(), ref cpuData, length);

    public static void CopyFromCPU<T, TView>(this TView target, AcceleratorStream stream, in ReadOnlySpan<T> span) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        fixed (T* data = span)
            target.CopyFromCPU(stream, ref *data, span.Length);
    }

    public static void CopyFromCPU<T, TView>(this TView target, AcceleratorStream stream, ref T cpuData, long length) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        var bytes = Part<T, TView>(target, length);
        stream.Synchronize();
        fixed (T* data = &cpuData)
            System.Buffer.MemoryCopy(data, bytes.Checked, bytes.Length, length * sizeof(T));
    }

    public static void CopyToCPU<T>(this ArrayView<T> view, T[] data) where T : unmanaged => view.AsDense().CopyToCPU(data);
    public static void CopyToCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data) where T : unmanaged => view.AsDense().CopyToCPU(stream, data);
    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data) where T : unmanaged => buffer.View.CopyToCPU(data);
    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream, T[] data) where T : unmanaged => buffer.View.CopyToCPU(stream, data);

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Length > 0)
            view.CopyToCPU(view.Stream(), data);
    }

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Length < view.Length)
            throw new ArgumentOutOfRangeException(nameof(data), $"{data.Length} elements for a view of {view.Length}.");
        view.BaseView.CopyToCPU(stream, new Span<T>(data));
    }

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in Span<T> span) where T : unmanaged =>
        source.BaseView.CopyToCPU(stream, span);

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, ref T cpuData, long length) where T : unmanaged =>
        source.BaseView.CopyToCPU(ref cpuData, length);

    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, ref T cpuData, long length) where T : unmanaged =>
        source.BaseView.CopyToCPU(stream, ref cpuData, length);

    public static void CopyToCPU<T, TView>(this TView source, in Span<T> span) where T : unmanaged where TView : IContiguousArrayView<T> =>
        source.CopyToCPU(source.Stream(), span);

    public static void CopyToCPU<T, TView>(this TView source, ref T cpuData, long length) where T : unmanaged where TView : IContiguousArrayView<T> =>
        source.CopyToCPU(source.Stream(), ref cpuData, length);

    public static void CopyToCPU<T, TView>(this TView source, AcceleratorStream stream, in Span<T> span) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        fixed (T* data = span)
            source.CopyToCPU(stream, ref *data, span.Length);
    }

    public static void CopyToCPU<T, TView>(this TView source, AcceleratorStream stream, ref T cpuData, long length) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        var bytes = Part<T, TView>(source, length);
        stream.Synchronize();
        fixed (T* data = &cpuData)
            System.Buffer.MemoryCopy(bytes.Checked, data, length * sizeof(T), bytes.Length);
    }

    public static T[] GetAsArray<T>(this ArrayView<T> view) where T : unmanaged => view.AsDense().GetAsArray1D();
    public static T[] GetAsArray<T>(this ArrayView<T> view, AcceleratorStream stream) where T : unmanaged => view.AsDense().GetAsArray1D(stream);
    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer) where T : unmanaged => buffer.View.GetAsArray1D();
    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream) where T : unmanaged => buffer.View.GetAsArray1D(stream);
    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.IsValid ? view.GetAsArray1D(view.Stream()) : [];

    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream) where T : unmanaged
    {
        var result = new T[view.Length];
        view.CopyToCPU(stream, result);
        return result;
    }

    /// <summary>The first elements of a view. The real library writes past the end of a part of a buffer; the stand-in does not.</summary>
    private static ArrayView<byte> Part<T, TView>(TView view, long length) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        if (length < 0 || length > view.Length)
            throw new ArgumentOutOfRangeException(nameof(length), $"{length} elements for a view of {view.Length}.");
        var bytes = view.AsRawArrayView();
        return new(bytes.Buffer, bytes.Data, length * Unsafe.SizeOf<T>());
    }
}

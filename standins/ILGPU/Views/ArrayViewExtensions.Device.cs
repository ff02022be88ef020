namespace ILGPU.Runtime;

/// <summary>What a stream does with memory of the device: it returns at once, and the stream comes to it later.</summary>
public static unsafe partial class ArrayViewExtensions
{
    public static void CopyTo<TView>(this TView source, in TView target) where TView : IContiguousArrayView =>
        source.CopyTo(source.Stream(), target);

    public static void CopyTo<TView>(this TView source, AcceleratorStream stream, in TView target) where TView : IContiguousArrayView =>
        Copy(stream, source.AsRawArrayView(), target.AsRawArrayView(), source.LengthInBytes);

    public static void CopyTo<T>(this ArrayView1D<T, Stride1D.Dense> source, ArrayView1D<T, Stride1D.Dense> target) where T : unmanaged =>
        source.BaseView.CopyTo(target.BaseView);

    public static void CopyTo<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in ArrayView1D<T, Stride1D.Dense> target) where T : unmanaged =>
        source.BaseView.CopyTo(stream, target.BaseView);

    public static void CopyFrom<TView>(this TView target, in TView source) where TView : IContiguousArrayView =>
        target.CopyFrom(target.Stream(), source);

    public static void CopyFrom<TView>(this TView target, AcceleratorStream stream, in TView source) where TView : IContiguousArrayView =>
        Copy(stream, source.AsRawArrayView(), target.AsRawArrayView(), source.LengthInBytes);

    public static void CopyFrom<T>(this ArrayView1D<T, Stride1D.Dense> target, in ArrayView1D<T, Stride1D.Dense> source) where T : unmanaged =>
        target.BaseView.CopyFrom(source.BaseView);

    public static void CopyFrom<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, in ArrayView1D<T, Stride1D.Dense> source) where T : unmanaged =>
        target.BaseView.CopyFrom(stream, source.BaseView);

    public static void MemSet<TView>(this TView view, byte value) where TView : IContiguousArrayView => view.MemSet(view.Stream(), value);

    public static void MemSet<TView>(this TView view, AcceleratorStream stream, byte value) where TView : IContiguousArrayView
    {
        var bytes = view.AsRawArrayView();
        stream.Enqueue(() => Fill(bytes, value));
    }

    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, byte value) where T : unmanaged => view.BaseView.MemSet(value);
    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, byte value) where T : unmanaged => view.BaseView.MemSet(stream, value);

    public static void MemSetToZero<TView>(this TView view) where TView : IContiguousArrayView => view.MemSet(0);
    public static void MemSetToZero<TView>(this TView view, AcceleratorStream stream) where TView : IContiguousArrayView => view.MemSet(stream, 0);
    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.BaseView.MemSet(0);
    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream) where T : unmanaged => view.BaseView.MemSet(stream, 0);

    private static AcceleratorStream Stream<TView>(this TView view) where TView : IArrayView =>
        view.Buffer?.Accelerator.DefaultStream ?? throw new InvalidOperationException("The view is empty: it has no buffer, and so no stream.");

    private static void Copy(AcceleratorStream stream, ArrayView<byte> source, ArrayView<byte> target, long length)
    {
        if (length > target.Length)
            throw new ArgumentOutOfRangeException(nameof(target), $"{length} bytes do not fit into a view of {target.Length}.");
        stream.Enqueue(() => System.Buffer.MemoryCopy(source.Checked, target.Checked, target.Length, length));
    }

    private static void Fill(ArrayView<byte> bytes, byte value) =>
        System.Runtime.InteropServices.NativeMemory.Fill(bytes.Checked, (nuint)bytes.Length, value);
}

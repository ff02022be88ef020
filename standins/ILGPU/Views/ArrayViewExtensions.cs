namespace ILGPU.Runtime;

/// <summary>What views are, and other views of the same memory.</summary>
public static unsafe partial class ArrayViewExtensions
{
    public static bool HasData<TView>(this TView view) where TView : IArrayView => view.IsValid;
    public static bool HasNoData<TView>(this TView view) where TView : IArrayView => !view.IsValid;
    public static Accelerator GetAccelerator<TView>(this TView view) where TView : IArrayView => view.Buffer.Accelerator;
    public static AcceleratorType GetAcceleratorType<TView>(this TView view) where TView : IArrayView => view.Buffer.AcceleratorType;

    public static ArrayView1D<T, Stride1D.Dense> AsDense<T>(this ArrayView<T> view) where T : unmanaged => view;

    public static ArrayView1D<TOther, Stride1D.Dense> Cast<T, TOther>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged where TOther : unmanaged => view.BaseView.Cast<TOther>();

    public static ArrayView<T> AsAligned<T>(this ArrayView<T> view, int alignmentInBytes) where T : unmanaged =>
        (nint)view.Data % alignmentInBytes == 0
            ? view
            : throw new InvalidOperationException($"The view starts at byte {view.IndexInBytes} of its buffer and is not aligned to {alignmentInBytes} bytes.");

    public static ArrayView<T> AsAligned16<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(16);
    public static ArrayView<T> AsAligned32<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(32);
    public static ArrayView<T> AsAligned64<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(64);
    public static ArrayView<T> AsAligned128<T>(this ArrayView<T> view) where T : unmanaged => view.AsAligned(128);

    public static ArrayView1D<T, Stride1D.Dense> AsAligned<T>(this ArrayView1D<T, Stride1D.Dense> view, int alignmentInBytes) where T : unmanaged => view.BaseView.AsAligned(alignmentInBytes);
    public static ArrayView1D<T, Stride1D.Dense> AsAligned16<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.AsAligned(16);
    public static ArrayView1D<T, Stride1D.Dense> AsAligned32<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.AsAligned(32);
    public static ArrayView1D<T, Stride1D.Dense> AsAligned64<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.AsAligned(64);
    public static ArrayView1D<T, Stride1D.Dense> AsAligned128<T>(this ArrayView1D<T, Stride1D.Dense> view) where T : unmanaged => view.AsAligned(128);
}

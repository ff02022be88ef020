namespace ILGPU.Runtime;

/// <summary>Copies between the device and page-locked memory: they return at once, and the array must be left alone until the stream is synchronized.</summary>
public static unsafe partial class ArrayViewExtensions
{
    public static void CopyFromPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> target, PageLockedArray1D<T> pageLockedArray) where T : unmanaged =>
        target.BaseView.CopyFromPageLockedAsync(pageLockedArray);

    public static void CopyFromPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, PageLockedArray1D<T> pageLockedArray) where T : unmanaged =>
        target.BaseView.CopyFromPageLockedAsync(stream, pageLockedArray);

    public static void CopyFromPageLockedAsync<T, TView>(this TView target, PageLockedArray<T> pageLockedArray) where T : unmanaged where TView : IContiguousArrayView<T> =>
        target.CopyFromPageLockedAsync(target.Stream(), pageLockedArray);

    public static void CopyFromPageLockedAsync<T, TView>(this TView target, AcceleratorStream stream, PageLockedArray<T> pageLockedArray) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        if (pageLockedArray.Length > 0)
            Copy(stream, Raw(pageLockedArray.ArrayView), target.AsRawArrayView(), pageLockedArray.ArrayView.LengthInBytes);
    }

    public static void CopyToPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> source, PageLockedArray1D<T> pageLockedArray) where T : unmanaged =>
        source.BaseView.CopyToPageLockedAsync(pageLockedArray);

    public static void CopyToPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, PageLockedArray1D<T> pageLockedArray) where T : unmanaged =>
        source.BaseView.CopyToPageLockedAsync(stream, pageLockedArray);

    public static void CopyToPageLockedAsync<T, TView>(this TView source, PageLockedArray<T> pageLockedArray) where T : unmanaged where TView : IContiguousArrayView<T> =>
        source.CopyToPageLockedAsync(source.Stream(), pageLockedArray);

    public static void CopyToPageLockedAsync<T, TView>(this TView source, AcceleratorStream stream, PageLockedArray<T> pageLockedArray) where T : unmanaged where TView : IContiguousArrayView<T>
    {
        if (pageLockedArray.Length == 0)
            return;
        var bytes = source.AsRawArrayView();
        var target = Raw(pageLockedArray.ArrayView);
        if (target.Length > bytes.Length)
            throw new ArgumentOutOfRangeException(nameof(pageLockedArray), $"{pageLockedArray.Length} elements from a view of {source.Length}.");
        Copy(stream, bytes, target, target.Length);
    }

    private static ArrayView<byte> Raw<TView>(TView view) where TView : IContiguousArrayView => view.AsRawArrayView();
}

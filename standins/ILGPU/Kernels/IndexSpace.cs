namespace ILGPU.Kernels;

/// <summary>What kernels that know an index only are launched with: indices and extents of one to three dimensions.</summary>
internal sealed record IndexSpace<TIndex>(Func<TIndex, Index3D> Extent, Func<int, int, int, TIndex> Index)
{
    public static readonly IndexSpace<TIndex> Instance = (IndexSpace<TIndex>)Find();

    private static object Find()
    {
        if (typeof(TIndex) == typeof(Index1D))
            return new IndexSpace<Index1D>(extent => new(extent.X, 1, 1), (x, _, _) => new(x));
        if (typeof(TIndex) == typeof(Index2D))
            return new IndexSpace<Index2D>(extent => new(extent, 1), (x, y, _) => new(x, y));
        if (typeof(TIndex) == typeof(Index3D))
            return new IndexSpace<Index3D>(extent => extent, (x, y, z) => new(x, y, z));
        throw new NotSupportedException($"{typeof(TIndex).Name} is no index of kernels.");
    }
}

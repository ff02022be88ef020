namespace ILGPU.Kernels;

/// <summary>The order in which an extent is walked through: X first.</summary>
internal static class LinearIndex
{
    public static Func<long, TIndex, TIndex> Order<TIndex>() => (Func<long, TIndex, TIndex>)Order(typeof(TIndex));

    private static Delegate Order(Type index)
    {
        if (index == typeof(Index1D))
            return new Func<long, Index1D, Index1D>((i, _) => new((int)i));
        if (index == typeof(LongIndex1D))
            return new Func<long, LongIndex1D, LongIndex1D>((i, _) => new(i));
        if (index == typeof(Index2D))
            return new Func<long, Index2D, Index2D>((i, extent) => new((int)(i % extent.X), (int)(i / extent.X)));
        if (index == typeof(Index3D))
            return new Func<long, Index3D, Index3D>((i, extent) => new((int)(i % extent.X), (int)(i / extent.X % extent.Y), (int)(i / extent.X / extent.Y)));
        throw new NotSupportedException($"{index.Name} is no index of kernels.");
    }
}

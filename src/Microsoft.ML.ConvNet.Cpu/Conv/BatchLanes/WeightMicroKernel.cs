using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>The operands of one register tile of weights.</summary>
internal unsafe struct WeightTile
{
    /// <summary>The first pixel of the gradient of the first filter.</summary>
    public float* Gradient;

    /// <summary>Floats from the gradient of one filter to that of the next.</summary>
    public nint GradientFilter;

    /// <summary>Floats from the gradients of one group of samples to those of the next.</summary>
    public nint GradientGroup;

    /// <summary>Where the input of the first pixel lies for each of the tile's taps.</summary>
    public float* Source0, Source1, Source2, Source3, Source4;

    /// <summary>Floats from one group, plane, row or pixel of outputs to the next, in the source.</summary>
    public nint SourceGroup, SourcePlane, SourceRow, SourceStep;

    public int Groups, Planes, Rows, Width;

    /// <summary>The weight of the first filter and tap.</summary>
    public float* Weights;

    /// <summary>Floats from one filter's weights to the next one's.</summary>
    public nint WeightFilter;
}

/// <summary>
/// The register tile of weight gradients with samples in the lanes: up to 5 filters by 5 taps. Idea: per pixel load the gradients of 5 filters
/// and the inputs of 5 taps, multiply each by each, and keep the 25 sums in registers over all pixels and samples; lanes are added at
/// the end. Lanes: samples. 5×5 needs 31 of the 32 registers of AVX-512, 3×3 13 of the 16 of AVX2.
/// </summary>
internal static unsafe class WeightMicroKernel
{
    /// <summary>The filters, and the taps, of a tile that fills the registers.</summary>
    public static int Side => VectorWidth.Floats == 16 ? 5 : 3;

    [MethodImpl(Hot.Loop)]
    public static void Run<S, V, TFilters, TTaps>(in WeightTile tile)
        where S : struct, ISimd<V>
        where V : struct
        where TFilters : struct, IConstant
        where TTaps : struct, IConstant
    {
        V c00 = default, c01 = default, c02 = default, c03 = default, c04 = default;
        V c10 = default, c11 = default, c12 = default, c13 = default, c14 = default;
        V c20 = default, c21 = default, c22 = default, c23 = default, c24 = default;
        V c30 = default, c31 = default, c32 = default, c33 = default, c34 = default;
        V c40 = default, c41 = default, c42 = default, c43 = default, c44 = default;
        var f1 = tile.GradientFilter;
        var (f2, f3, f4) = (2 * f1, 3 * f1, 4 * f1);
        var step = tile.SourceStep;
        for (var group = 0; group < tile.Groups; group++)
        {
            var g = tile.Gradient + (group * tile.GradientGroup);
            for (var plane = 0; plane < tile.Planes; plane++)
            {
                var offset = (group * tile.SourceGroup) + (plane * tile.SourcePlane);
                for (var row = 0; row < tile.Rows; row++, offset += tile.SourceRow)
                {
                    var i = offset;
                    for (var end = g + ((nint)tile.Width * S.Count); g < end; g += S.Count, i += step)
                    {
                        V x1 = default, x2 = default, x3 = default, x4 = default;
                        var x0 = S.Load(tile.Source0 + i);
                        if (TTaps.Value > 1) x1 = S.Load(tile.Source1 + i);
                        if (TTaps.Value > 2) x2 = S.Load(tile.Source2 + i);
                        if (TTaps.Value > 3) x3 = S.Load(tile.Source3 + i);
                        if (TTaps.Value > 4) x4 = S.Load(tile.Source4 + i);
                        Row<S, V, TTaps>(S.Load(g), x0, x1, x2, x3, x4, ref c00, ref c01, ref c02, ref c03, ref c04);
                        if (TFilters.Value > 1) Row<S, V, TTaps>(S.Load(g + f1), x0, x1, x2, x3, x4, ref c10, ref c11, ref c12, ref c13, ref c14);
                        if (TFilters.Value > 2) Row<S, V, TTaps>(S.Load(g + f2), x0, x1, x2, x3, x4, ref c20, ref c21, ref c22, ref c23, ref c24);
                        if (TFilters.Value > 3) Row<S, V, TTaps>(S.Load(g + f3), x0, x1, x2, x3, x4, ref c30, ref c31, ref c32, ref c33, ref c34);
                        if (TFilters.Value > 4) Row<S, V, TTaps>(S.Load(g + f4), x0, x1, x2, x3, x4, ref c40, ref c41, ref c42, ref c43, ref c44);
                    }
                }
            }
        }

        var w = tile.Weights;
        Store<S, V, TTaps>(w, c00, c01, c02, c03, c04);
        if (TFilters.Value > 1) Store<S, V, TTaps>(w + tile.WeightFilter, c10, c11, c12, c13, c14);
        if (TFilters.Value > 2) Store<S, V, TTaps>(w + (2 * tile.WeightFilter), c20, c21, c22, c23, c24);
        if (TFilters.Value > 3) Store<S, V, TTaps>(w + (3 * tile.WeightFilter), c30, c31, c32, c33, c34);
        if (TFilters.Value > 4) Store<S, V, TTaps>(w + (4 * tile.WeightFilter), c40, c41, c42, c43, c44);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<S, V, TTaps>(V g, V x0, V x1, V x2, V x3, V x4, ref V c0, ref V c1, ref V c2, ref V c3, ref V c4)
        where S : struct, ISimd<V>
        where V : struct
        where TTaps : struct, IConstant
    {
        c0 = S.MultiplyAdd(g, x0, c0);
        if (TTaps.Value > 1) c1 = S.MultiplyAdd(g, x1, c1);
        if (TTaps.Value > 2) c2 = S.MultiplyAdd(g, x2, c2);
        if (TTaps.Value > 3) c3 = S.MultiplyAdd(g, x3, c3);
        if (TTaps.Value > 4) c4 = S.MultiplyAdd(g, x4, c4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<S, V, TTaps>(float* weights, V c0, V c1, V c2, V c3, V c4)
        where S : struct, ISimd<V>
        where V : struct
        where TTaps : struct, IConstant
    {
        weights[0] = S.Sum(c0);
        if (TTaps.Value > 1) weights[1] = S.Sum(c1);
        if (TTaps.Value > 2) weights[2] = S.Sum(c2);
        if (TTaps.Value > 3) weights[3] = S.Sum(c3);
        if (TTaps.Value > 4) weights[4] = S.Sum(c4);
    }
}

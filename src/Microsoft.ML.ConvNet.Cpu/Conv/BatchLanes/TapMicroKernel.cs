using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>A product that outputs are summed from: where its input lies, seen from the first pixel's, and which weight it has.</summary>
internal readonly record struct Tap(int Source, int Weight);

/// <summary>The operands of one register tile.</summary>
internal unsafe struct TapTile
{
    /// <summary>The first pixel of the first input channel.</summary>
    public float* Source;

    /// <summary>Floats from one input channel to the next.</summary>
    public nint SourceChannel;

    /// <summary>Floats from the input of one pixel to that of the next.</summary>
    public nint SourceStep;

    public int Channels;

    public Tap* Taps;

    public int TapCount;

    /// <summary>For each input channel and tap as many weights as the tile has filters, side by side.</summary>
    public float* Weights;

    /// <summary>Floats from the weights of one input channel to those of the next.</summary>
    public nint WeightChannel;

    /// <summary>The bias of the first filter, or null.</summary>
    public float* Bias;

    /// <summary>What is added to the outputs, laid out as they are, or null.</summary>
    public float* Addend;

    public bool Relu;

    public float* Target;

    /// <summary>Floats from the outputs of one filter to those of the next.</summary>
    public nint TargetFilter;

    /// <summary>Floats from one output pixel to the next.</summary>
    public nint TargetStep;
}

/// <summary>
/// The register tile of convolutions with samples in the lanes: up to 6 filters by 4 pixels of a row. Idea: per input channel and tap
/// load 4 vectors, one a pixel, and multiply each by 6 broadcast weights; which taps there are, and where their inputs lie, stands in
/// a list, so that one loop serves every window, stride and dilation, and its adjoint. Lanes: samples. 6×4 needs 29 of the 32
/// registers of AVX-512, 6×2 15 of the 16 of AVX2. Filters and pixels are type-level constants, and the JIT drops what a smaller tile lacks.
/// </summary>
internal static unsafe class TapMicroKernel
{
    public const int MaxFilters = 6;

    /// <summary>The pixels of a tile that fills the registers.</summary>
    public static int MaxPixels => VectorWidth.Floats == 16 ? 4 : 2;

    [MethodImpl(Hot.Loop)]
    public static void Run<S, V, TFilters, TPixels>(in TapTile tile)
        where S : struct, ISimd<V>
        where V : struct
        where TFilters : struct, IConstant
        where TPixels : struct, IConstant
    {
        V c00 = default, c01 = default, c02 = default, c03 = default;
        V c10 = default, c11 = default, c12 = default, c13 = default;
        V c20 = default, c21 = default, c22 = default, c23 = default;
        V c30 = default, c31 = default, c32 = default, c33 = default;
        V c40 = default, c41 = default, c42 = default, c43 = default;
        V c50 = default, c51 = default, c52 = default, c53 = default;
        if (tile.Bias != null)
        {
            c00 = c01 = c02 = c03 = S.Create(tile.Bias[0]);
            if (TFilters.Value > 1) c10 = c11 = c12 = c13 = S.Create(tile.Bias[1]);
            if (TFilters.Value > 2) c20 = c21 = c22 = c23 = S.Create(tile.Bias[2]);
            if (TFilters.Value > 3) c30 = c31 = c32 = c33 = S.Create(tile.Bias[3]);
            if (TFilters.Value > 4) c40 = c41 = c42 = c43 = S.Create(tile.Bias[4]);
            if (TFilters.Value > 5) c50 = c51 = c52 = c53 = S.Create(tile.Bias[5]);
        }

        var source = tile.Source;
        var weights = tile.Weights;
        var step = tile.SourceStep;
        var (step2, step3) = (2 * step, 3 * step);
        var end = tile.Taps + tile.TapCount;
        for (var channel = tile.Channels; channel > 0; channel--)
        {
            for (var tap = tile.Taps; tap < end; tap++)
            {
                var x = source + tap->Source;
                var w = weights + ((nint)tap->Weight * TFilters.Value);
                var x0 = S.Load(x);
                V x1 = default, x2 = default, x3 = default;
                if (TPixels.Value > 1) x1 = S.Load(x + step);
                if (TPixels.Value > 2) x2 = S.Load(x + step2);
                if (TPixels.Value > 3) x3 = S.Load(x + step3);

                var w0 = S.Create(w[0]);
                c00 = S.MultiplyAdd(w0, x0, c00);
                if (TPixels.Value > 1) c01 = S.MultiplyAdd(w0, x1, c01);
                if (TPixels.Value > 2) c02 = S.MultiplyAdd(w0, x2, c02);
                if (TPixels.Value > 3) c03 = S.MultiplyAdd(w0, x3, c03);
                if (TFilters.Value > 1)
                {
                    var w1 = S.Create(w[1]);
                    c10 = S.MultiplyAdd(w1, x0, c10);
                    if (TPixels.Value > 1) c11 = S.MultiplyAdd(w1, x1, c11);
                    if (TPixels.Value > 2) c12 = S.MultiplyAdd(w1, x2, c12);
                    if (TPixels.Value > 3) c13 = S.MultiplyAdd(w1, x3, c13);
                }
                if (TFilters.Value > 2)
                {
                    var w2 = S.Create(w[2]);
                    c20 = S.MultiplyAdd(w2, x0, c20);
                    if (TPixels.Value > 1) c21 = S.MultiplyAdd(w2, x1, c21);
                    if (TPixels.Value > 2) c22 = S.MultiplyAdd(w2, x2, c22);
                    if (TPixels.Value > 3) c23 = S.MultiplyAdd(w2, x3, c23);
                }
                if (TFilters.Value > 3)
                {
                    var w3 = S.Create(w[3]);
                    c30 = S.MultiplyAdd(w3, x0, c30);
                    if (TPixels.Value > 1) c31 = S.MultiplyAdd(w3, x1, c31);
                    if (TPixels.Value > 2) c32 = S.MultiplyAdd(w3, x2, c32);
                    if (TPixels.Value > 3) c33 = S.MultiplyAdd(w3, x3, c33);
                }
                if (TFilters.Value > 4)
                {
                    var w4 = S.Create(w[4]);
                    c40 = S.MultiplyAdd(w4, x0, c40);
                    if (TPixels.Value > 1) c41 = S.MultiplyAdd(w4, x1, c41);
                    if (TPixels.Value > 2) c42 = S.MultiplyAdd(w4, x2, c42);
                    if (TPixels.Value > 3) c43 = S.MultiplyAdd(w4, x3, c43);
                }
                if (TFilters.Value > 5)
                {
                    var w5 = S.Create(w[5]);
                    c50 = S.MultiplyAdd(w5, x0, c50);
                    if (TPixels.Value > 1) c51 = S.MultiplyAdd(w5, x1, c51);
                    if (TPixels.Value > 2) c52 = S.MultiplyAdd(w5, x2, c52);
                    if (TPixels.Value > 3) c53 = S.MultiplyAdd(w5, x3, c53);
                }
            }

            source += tile.SourceChannel;
            weights += tile.WeightChannel;
        }

        Finish<S, V, TPixels>(tile, 0, c00, c01, c02, c03);
        if (TFilters.Value > 1) Finish<S, V, TPixels>(tile, 1, c10, c11, c12, c13);
        if (TFilters.Value > 2) Finish<S, V, TPixels>(tile, 2, c20, c21, c22, c23);
        if (TFilters.Value > 3) Finish<S, V, TPixels>(tile, 3, c30, c31, c32, c33);
        if (TFilters.Value > 4) Finish<S, V, TPixels>(tile, 4, c40, c41, c42, c43);
        if (TFilters.Value > 5) Finish<S, V, TPixels>(tile, 5, c50, c51, c52, c53);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<S, V, TPixels>(in TapTile tile, nint filter, V c0, V c1, V c2, V c3)
        where S : struct, ISimd<V>
        where V : struct
        where TPixels : struct, IConstant
    {
        var offset = filter * tile.TargetFilter;
        Store<S, V>(tile, offset, c0);
        if (TPixels.Value > 1) Store<S, V>(tile, offset + tile.TargetStep, c1);
        if (TPixels.Value > 2) Store<S, V>(tile, offset + (2 * tile.TargetStep), c2);
        if (TPixels.Value > 3) Store<S, V>(tile, offset + (3 * tile.TargetStep), c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<S, V>(in TapTile tile, nint offset, V value)
        where S : struct, ISimd<V>
        where V : struct
    {
        if (tile.Addend != null)
            value = S.Add(value, S.Load(tile.Addend + offset));
        if (tile.Relu)
            value = S.Max(default, value);
        S.Store(value, tile.Target + offset);
    }
}

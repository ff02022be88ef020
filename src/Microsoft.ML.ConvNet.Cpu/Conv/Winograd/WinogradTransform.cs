using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The transforms of <see cref="IWinogradTile"/> in two dimensions: along the columns into a tile on the stack, which stays in L1, then
/// along the rows. Points are planes of memory, a stride apart. A tile's elements are whole vectors, of channels or of samples.
/// </summary>
internal static unsafe class WinogradTransform
{
    /// <summary>Floats that a tile on the stack has room for: 8×8 vectors of 16.</summary>
    public const int MaxTile = 8 * 8 * 16;

    /// <summary>Input tile, rows <paramref name="row"/> floats apart, to points.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Input<S, V, TTile>(float* tile, nint row, float* points, nint plane)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var columns = stackalloc float[MaxTile];
        for (var x = 0; x < TTile.Points; x++)
            TTile.Input<S, V>(tile + (x * S.Count), row, columns + (x * S.Count), TTile.Points * S.Count);
        for (var i = 0; i < TTile.Points; i++, points += TTile.Points * plane)
            TTile.Input<S, V>(columns + (i * TTile.Points * S.Count), S.Count, points, plane);
    }

    /// <summary>Points to the gradient of an input tile, its elements side by side.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void InputGradient<S, V, TTile>(float* points, nint plane, float* tile)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var columns = stackalloc float[MaxTile];
        for (var i = 0; i < TTile.Points; i++)
            TTile.InputGradient<S, V>(points + (i * plane), TTile.Points * plane, columns + (i * S.Count), TTile.Points * S.Count);
        for (var y = 0; y < TTile.Points; y++)
            TTile.InputGradient<S, V>(columns + (y * TTile.Points * S.Count), S.Count, tile + (y * TTile.Points * S.Count), S.Count);
    }

    /// <summary>Taps, a stride apart, to points. A negative stride from the last tap turns the filter by half a turn.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Filter<S, V, TTile>(float* taps, nint tap, float* points, nint plane)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var columns = stackalloc float[MaxTile];
        for (var x = 0; x < TTile.Taps; x++)
            TTile.Filter<S, V>(taps + (x * tap), TTile.Taps * tap, columns + (x * S.Count), TTile.Taps * S.Count);
        for (var i = 0; i < TTile.Points; i++, points += TTile.Points * plane)
            TTile.Filter<S, V>(columns + (i * TTile.Taps * S.Count), S.Count, points, plane);
    }

    /// <summary>The same past the caches, which do not hold that many filters anyway: a store that misses would first read what it overwrites.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void FilterNonTemporal<S, V, TTile>(float* taps, nint tap, float* points, nint plane)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var tile = stackalloc float[MaxTile];
        Filter<S, V, TTile>(taps, tap, tile, S.Count);
        for (var point = 0; point < TTile.Points * TTile.Points; point++)
            S.StoreNonTemporal(S.Load(tile + (point * S.Count)), points + (point * plane));
    }

    /// <summary>Points to the output tile, its elements side by side.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Output<S, V, TTile>(float* points, nint plane, float* tile)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var columns = stackalloc float[MaxTile];
        for (var i = 0; i < TTile.Points; i++)
            TTile.Output<S, V>(points + (i * plane), TTile.Points * plane, columns + (i * S.Count), TTile.Points * S.Count);
        for (var y = 0; y < TTile.Outputs; y++)
            TTile.Output<S, V>(columns + (y * TTile.Points * S.Count), S.Count, tile + (y * TTile.Outputs * S.Count), S.Count);
    }

    /// <summary>The gradient of an output tile, rows <paramref name="row"/> floats apart, to points.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void OutputGradient<S, V, TTile>(float* tile, nint row, float* points, nint plane)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var columns = stackalloc float[MaxTile];
        for (var x = 0; x < TTile.Outputs; x++)
            TTile.OutputGradient<S, V>(tile + (x * S.Count), row, columns + (x * S.Count), TTile.Outputs * S.Count);
        for (var i = 0; i < TTile.Points; i++, points += TTile.Points * plane)
            TTile.OutputGradient<S, V>(columns + (i * TTile.Outputs * S.Count), S.Count, points, plane);
    }

    /// <summary>Points to the gradient of the taps, a stride apart.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void FilterGradient<S, V, TTile>(float* points, nint plane, float* taps, nint tap)
        where S : struct, ISimd<V>
        where V : struct
        where TTile : struct, IWinogradTile
    {
        var columns = stackalloc float[MaxTile];
        for (var i = 0; i < TTile.Points; i++)
            TTile.FilterGradient<S, V>(points + (i * plane), TTile.Points * plane, columns + (i * S.Count), TTile.Points * S.Count);
        for (var y = 0; y < TTile.Taps; y++)
            TTile.FilterGradient<S, V>(columns + (y * TTile.Points * S.Count), S.Count, taps + (y * TTile.Taps * tap), tap);
    }
}

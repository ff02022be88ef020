using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The tiles of a block, transformed for one vector of channels, or one channel of a vector of samples. Channels are outside and tiles
/// inside, so that rows of an image stream from memory; what a tile's lower neighbour needs is fetched meanwhile.
/// Layout of the points: planes of tiles a step apart.
/// </summary>
internal static unsafe class WinogradBlock<S, V, TTile>
    where S : struct, ISimd<V>
    where V : struct
    where TTile : struct, IWinogradTile
{
    /// <summary>Input tiles to points.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Input(WinogradGeometry g, float* input, int channel, TilePlace place, int count, float* points, nint plane, nint step)
    {
        var copy = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(input, channel, g.Strides, g.Height, g.Width);
        for (var tile = 0; tile < count; tile++, place = g.Next(place), points += step)
        {
            images.Fetch(place.Sample, place.Y - g.Top + TTile.Points, place.X, TTile.Outputs);
            var source = images.Square(place.Sample, place.Y - g.Top, place.X - g.Left, TTile.Points, copy, out var row);
            WinogradTransform.Input<S, V, TTile>(source, row, points, plane);
        }
    }

    /// <summary>Gradients of output tiles to points.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void OutputGradient(
        WinogradGeometry g, float* dY, int channel, TilePlace place, int count, float* points, nint plane, nint step)
    {
        var copy = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(dY, channel, g.OutputStrides, g.OutputHeight, g.OutputWidth);
        for (var tile = 0; tile < count; tile++, place = g.Next(place), points += step)
        {
            images.Fetch(place.Sample, place.Y + TTile.Outputs, place.X, TTile.Outputs);
            var source = images.Square(place.Sample, place.Y, place.X, TTile.Outputs, copy, out var row);
            WinogradTransform.OutputGradient<S, V, TTile>(source, row, points, plane);
        }
    }

    /// <summary>Points to gradients of input tiles, which overlap: they are added to what is there.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void InputGradient(WinogradGeometry g, float* points, nint plane, nint step, TilePlace place, int count, float* dX, int channel)
    {
        var tile = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(dX, channel, g.Strides, g.Height, g.Width);
        for (var index = 0; index < count; index++, place = g.Next(place), points += step)
        {
            WinogradTransform.InputGradient<S, V, TTile>(points, plane, tile);
            var (y, x) = (place.Y - g.Top, place.X - g.Left);
            var (endRow, endColumn) = images.Inside(y, x, TTile.Points);
            var target = images.At(place.Sample, y, x);
            for (nint row = Math.Max(0, -y); row < endRow; row++)
            {
                for (nint column = Math.Max(0, -x); column < endColumn; column++)
                {
                    var there = target + (row * images.RowStride) + (column * S.Count);
                    S.Store(S.Add(S.Load(there), S.Load(tile + (((row * TTile.Points) + column) * S.Count))), there);
                }
            }
        }
    }

    /// <summary>Points to output tiles, plus bias and addend, but not below the floor.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Output(
        WinogradGeometry g, float* points, nint plane, nint step, TilePlace place, int count,
        V offset, float* addend, float floor, float* output, int channel)
    {
        var tile = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(output, channel, g.OutputStrides, g.OutputHeight, g.OutputWidth);
        var least = S.Create(floor);
        for (var index = 0; index < count; index++, place = g.Next(place), points += step)
        {
            images.Fetch(place.Sample, place.Y + TTile.Outputs, place.X, TTile.Outputs);
            WinogradTransform.Output<S, V, TTile>(points, plane, tile);
            var (rows, columns) = images.Inside(place.Y, place.X, TTile.Outputs);
            var target = images.At(place.Sample, place.Y, place.X);
            var added = addend == null ? null : addend + (target - output);
            for (nint row = 0; row < rows; row++)
            {
                for (nint column = 0; column < columns; column++)
                {
                    var value = S.Add(S.Load(tile + (((row * TTile.Outputs) + column) * S.Count)), offset);
                    var there = (row * images.RowStride) + (column * S.Count);
                    if (added != null)
                        value = S.Add(value, S.Load(added + there));
                    S.Store(S.Max(least, value), target + there);
                }
            }
        }
    }
}

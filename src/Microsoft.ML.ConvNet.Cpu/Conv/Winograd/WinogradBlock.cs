using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The tiles of a block, transformed for one vector of channels. Channels are outside and tiles inside, so that rows of an image
/// stream from memory; what a tile's lower neighbour needs is fetched meanwhile, which halves the time of large images.
/// Layout of the points: [point][tile][channel], the points a plane apart.
/// </summary>
internal static unsafe class WinogradBlock<S, V, TTile>
    where S : struct, ISimd<V>
    where V : struct
    where TTile : struct, IWinogradTile
{
    /// <summary>Input tiles to points.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Input(WinogradGeometry g, float* input, int channel, TilePlace place, int count, float* points, nint plane, int channels)
    {
        var copy = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(input, channel, g.Inputs, g.Height, g.Width);
        for (var tile = 0; tile < count; tile++, place = g.Next(place), points += channels)
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
        WinogradGeometry g, float* dY, int channel, TilePlace place, int count, float* points, nint plane, int channels)
    {
        var copy = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(dY, channel, g.Outputs, g.OutputHeight, g.OutputWidth);
        for (var tile = 0; tile < count; tile++, place = g.Next(place), points += channels)
        {
            images.Fetch(place.Sample, place.Y + TTile.Outputs, place.X, TTile.Outputs);
            var source = images.Square(place.Sample, place.Y, place.X, TTile.Outputs, copy, out var row);
            WinogradTransform.OutputGradient<S, V, TTile>(source, row, points, plane);
        }
    }

    /// <summary>Points to output tiles, plus bias and addend, but not below the floor.</summary>
    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public static void Output(
        WinogradGeometry g, float* points, nint plane, TilePlace place, int count,
        float* bias, float* addend, float floor, float* output, int channel)
    {
        var tile = stackalloc float[WinogradTransform.MaxTile];
        var images = new WinogradPlanes<S, V>(output, channel, g.Outputs, g.OutputHeight, g.OutputWidth);
        var (offset, least) = (bias == null ? S.Create(0f) : S.Load(bias + channel), S.Create(floor));
        points += channel;
        for (var index = 0; index < count; index++, place = g.Next(place), points += g.Outputs)
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

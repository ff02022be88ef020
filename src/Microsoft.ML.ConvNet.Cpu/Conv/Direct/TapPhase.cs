namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A dense convolution of a staged source with some of the taps, as tables of offsets: what each run of a filter reads, and where each
/// pixel of a block of target rows lies in source and target. Every block of rows has the same tables.
/// </summary>
internal sealed class TapPhase
{
    /// <param name="source">The source as it is staged.</param>
    /// <param name="vertical">The phase down the rows.</param>
    /// <param name="horizontal">The phase along a row.</param>
    /// <param name="rows">The target rows of a block.</param>
    /// <param name="targetWidth">The columns of the target, of all phases.</param>
    /// <param name="lanes">The lanes of the target.</param>
    public TapPhase(StagedSource source, TapAxis vertical, TapAxis horizontal, int rows, int targetWidth, int lanes)
    {
        (Vertical, Horizontal) = (vertical, horizontal);
        Steps = source.Blocks * Taps * source.PixelFloats;

        // Neighbouring taps of a row are one run: with lanes or without, the elements that they read are adjacent.
        var tapsInRun = horizontal.Spacing == 1 ? Math.Max(1, horizontal.Taps.Length) : 1;
        RunLength = tapsInRun * source.PixelFloats;
        var across = horizontal.Taps.Length / tapsInRun;
        Runs = new TileRun[source.Blocks * vertical.Taps.Length * across];
        for (var run = 0; run < Runs.Length; run++)
        {
            var (block, y, x) = (run / across / vertical.Taps.Length, run / across % vertical.Taps.Length, run % across);
            var offset = source.Offset(vertical.First + (y * vertical.Spacing), horizontal.First + (x * horizontal.Spacing));
            Runs[run] = new TileRun((block * source.BlockStride) + offset, run * RunLength);
        }

        rows = Math.Min(rows, vertical.Count);
        SourcePixels = new nint[rows * horizontal.Count];
        TargetPixels = new nint[rows * horizontal.Count];
        for (var pixel = 0; pixel < SourcePixels.Length; pixel++)
        {
            var (y, x) = (pixel / horizontal.Count, pixel % horizontal.Count);
            SourcePixels[pixel] = (y * vertical.SourceStep * source.Pitch) + (x * horizontal.SourceStep * source.PixelFloats);
            TargetPixels[pixel] = ((((nint)y * vertical.TargetStep) + vertical.TargetStart) * targetWidth
                + (x * horizontal.TargetStep) + horizontal.TargetStart) * lanes;
        }
    }

    public TapAxis Vertical { get; }

    public TapAxis Horizontal { get; }

    /// <summary>The taps that the phase has.</summary>
    public int Taps => Vertical.Taps.Length * Horizontal.Taps.Length;

    /// <summary>The elements of a filter that the phase has: the rows of its packed weights.</summary>
    public int Steps { get; }

    /// <summary>The runs of a filter, of which each has <see cref="RunLength"/> steps.</summary>
    public TileRun[] Runs { get; }

    public int RunLength { get; }

    /// <summary>The offset of each pixel in the source.</summary>
    public nint[] SourcePixels { get; }

    /// <summary>The offset of each pixel in a plane of the target.</summary>
    public nint[] TargetPixels { get; }
}

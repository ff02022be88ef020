using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// How a convolution by a window of 3×3 without stride is computed at the points of tiles (<see cref="WinogradF43"/>): so many samples at a time that what is written between the launches may
/// stay in a large cache.
/// </summary>
/// <param name="X">The shape of a sample that is read.</param>
/// <param name="Y">That of one whose tiles are outputs.</param>
/// <param name="Samples">How many samples are taken at a time.</param>
internal sealed record WinogradLayout(Shape X, Shape Y, int Samples)
{
    /// <summary>The points of a tile.</summary>
    public const int Points = WinogradF43.Points * WinogradF43.Points;

    /// <summary>
    /// What is counted as so many multiplications, on a GPU that does some eighteen in the time in which it reads or writes a float: a number that is written and read, and the launches.
    /// </summary>
    private const int OfANumber = 36, OfLaunches = 1 << 27;

    /// <summary>The floats of all points of the filters.</summary>
    public int LengthOfFilters => Points * X.C * Y.C;

    /// <summary>The layout where the transforms can be used and are worthwhile, otherwise null.</summary>
    /// <param name="window">The window of the convolution.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="x">What is read through windows.</param>
    /// <param name="y">That whose tiles are outputs.</param>
    /// <param name="maxBatch">The most samples.</param>
    /// <param name="options">How the backend computes.</param>
    /// <param name="floats">How many floats may be written between launches, but for the filters'.</param>
    public static WinogradLayout? Find(Window window, int groups, Shape x, Shape y, int maxBatch, GpuOptions options, int floats)
    {
        if (groups > 1 || !IsAxis(window.Height) || !IsAxis(window.Width) || window.Depth != new WindowAxis(1) || x.D > 1)
            return null;
        if (!(options.Winograd ?? (!options.ExactConvolution && IsWorthwhile(x, y, maxBatch))))
            return null;
        var ofSample = (long)Points * (x.C + y.C) * (TilesOf(y) + 3);
        if (ofSample > int.MaxValue)
            return null;
        var most = (int)Math.Clamp(floats / ofSample, 1, maxBatch);
        var rounds = (maxBatch + most - 1) / most;
        return new WinogradLayout(x, y, (maxBatch + rounds - 1) / rounds);

        static bool IsAxis(WindowAxis axis) => axis is { Size: 3, Stride: 1, Dilation: 1 };
    }

    /// <summary>The tiles of so many samples, and what is missing to a multiple of four.</summary>
    public int ColumnsOf(int samples) => ((samples * TilesOf(Y)) + 3) / 4 * 4;

    /// <summary>The tiles of so many samples of x or y for kernels.</summary>
    public WinogradTiles Tiles(Shape tensor, int samples, int beforeH = 0, int beforeW = 0) => new()
    {
        Columns = ColumnsOf(samples),
        OfPlane = TilesOf(Y),
        OfRow = TilesOf(Y.W),
        Samples = samples,
        Channels = tensor.C,
        Height = tensor.H,
        Width = tensor.W,
        BeforeH = beforeH,
        BeforeW = beforeW,
    };

    private static bool IsWorthwhile(Shape x, Shape y, int samples)
    {
        var (filters, tiles) = ((double)x.C * y.C, (double)samples * TilesOf(y));
        var transformed = Points * ((tiles * (filters + (OfANumber * (x.C + y.C)))) + (filters * OfANumber));
        return (9 * filters * samples * y.Plane) - transformed > OfLaunches;
    }

    private static int TilesOf(Shape y) => TilesOf(y.H) * TilesOf(y.W);

    private static int TilesOf(int length) => (length + WinogradF43.Outputs - 1) / WinogradF43.Outputs;
}

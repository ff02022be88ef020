using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A convolution as tiles of its output, which cover it from the top left and may reach beyond it. The input gradient is the
/// convolution of dy with the filters turned by half a turn, their inputs and outputs swapped, and the padding that is left of 2.
/// </summary>
/// <param name="Inputs">The channels of what is read.</param>
/// <param name="Outputs">The channels of what comes out.</param>
/// <param name="Height">The rows of what is read.</param>
/// <param name="Width">The columns of what is read.</param>
/// <param name="OutputHeight">The rows of what comes out.</param>
/// <param name="OutputWidth">The columns of what comes out.</param>
/// <param name="Top">Padding above what is read.</param>
/// <param name="Left">Padding on the left of what is read.</param>
/// <param name="TileSize">The rows and columns of a tile of the output.</param>
internal readonly record struct WinogradGeometry(
    int Inputs, int Outputs, int Height, int Width, int OutputHeight, int OutputWidth, int Top, int Left, int TileSize)
{
    public int TilesDown { get; } = GemmBlocking.DivideRoundingUp(OutputHeight, TileSize);

    public int TilesAcross { get; } = GemmBlocking.DivideRoundingUp(OutputWidth, TileSize);

    public int TilesPerImage => TilesDown * TilesAcross;

    public static WinogradGeometry Of(ConvProblem problem, int tileSize)
    {
        var (x, y, (_, height, width)) = (problem.X, problem.Y, problem.Window);
        return problem.Pass == ConvPass.InputGradient
            ? new(y.C, x.C, y.H, y.W, x.H, x.W, 2 - height.Before, 2 - width.Before, tileSize)
            : new(x.C, y.C, x.H, x.W, y.H, y.W, height.Before, width.Before, tileSize);
    }

    /// <summary>The place of one of the tiles of all images.</summary>
    public TilePlace Place(int tile)
        => new(tile / TilesPerImage, tile % TilesPerImage / TilesAcross * TileSize, tile % TilesAcross * TileSize);

    /// <summary>The place after a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TilePlace Next(TilePlace place)
    {
        if (place.X + TileSize < OutputWidth)
            return place with { X = place.X + TileSize };
        if (place.Y + TileSize < OutputHeight)
            return place with { X = 0, Y = place.Y + TileSize };
        return new(place.Sample + 1, 0, 0);
    }
}

/// <summary>Where a tile is: its image, and the place of its first output.</summary>
internal readonly record struct TilePlace(int Sample, int Y, int X);

/// <summary>One block of channels of a batch of images, whose planes hold whole vectors.</summary>
/// <param name="images">The batch.</param>
/// <param name="channel">The first channel of the block.</param>
/// <param name="channels">The channels of an image.</param>
/// <param name="height">Its rows.</param>
/// <param name="width">Its columns.</param>
internal readonly unsafe struct WinogradPlanes<S, V>(float* images, int channel, int channels, int height, int width)
    where S : struct, ISimd<V>
    where V : struct
{
    private readonly float* _first = images + ((nint)channel * height * width);

    /// <summary>Floats from a row to the next.</summary>
    public nint RowStride => (nint)width * S.Count;

    /// <summary>Where a place lies, which may be outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At(int sample, int y, int x) => _first + ((nint)sample * channels * height * width) + ((((nint)y * width) + x) * S.Count);

    /// <summary>The rows and columns of a square that are there from a place on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (int Rows, int Columns) Inside(int y, int x, int size) => (Math.Min(size, height - y), Math.Min(size, width - x));

    /// <summary>Fetches a square of places, also outside: below the last row lies the next plane, which is needed next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(int sample, int y, int x, int size)
    {
        var first = At(sample, y, x);
        for (nint row = 0; row < size; row++)
        {
            for (nint column = 0; column < size; column++)
                Prefetch.Line(first + (row * RowStride) + (column * S.Count));
        }
    }

    /// <summary>A square of places: where it lies, or where it reaches beyond the image a copy that is zero there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Square(int sample, int y, int x, int size, float* copy, out nint rowStride)
    {
        if (y >= 0 && x >= 0 && y + size <= height && x + size <= width)
        {
            rowStride = RowStride;
            return At(sample, y, x);
        }

        rowStride = size * S.Count;
        CopyPart(sample, y, x, size, copy);
        return copy;
    }

    [MethodImpl(Hot.Loop)]
    private void CopyPart(int sample, int y, int x, int size, float* copy)
    {
        var (first, end) = (Math.Max(0, -x), Math.Min(size, width - x));
        for (var row = 0; row < size; row++, copy += size * S.Count)
        {
            var inside = y + row >= 0 && y + row < height;
            var source = At(sample, y + row, x);
            for (var column = 0; column < size; column++)
            {
                var value = inside && column >= first && column < end ? S.Load(source + (column * S.Count)) : S.Create(0f);
                S.Store(value, copy + (column * S.Count));
            }
        }
    }
}

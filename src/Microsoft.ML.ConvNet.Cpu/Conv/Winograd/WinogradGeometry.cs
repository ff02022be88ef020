using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A convolution as tiles of its output, which cover it from the top left and may reach beyond it. The input gradient is the
/// convolution of dy with the filters turned by half a turn, their inputs and outputs swapped, and the padding that is left of one less than their taps.
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
    /// <summary>How far apart the parts of what is read lie.</summary>
    public required ImageStrides Strides { get; init; }

    /// <summary>How far apart the parts of what comes out lie.</summary>
    public required ImageStrides OutputStrides { get; init; }

    public int TilesDown { get; } = GemmBlocking.DivideRoundingUp(OutputHeight, TileSize);

    public int TilesAcross { get; } = GemmBlocking.DivideRoundingUp(OutputWidth, TileSize);

    public int TilesPerImage => TilesDown * TilesAcross;

    public static WinogradGeometry Of(ConvProblem problem, WinogradSize size)
    {
        var reach = size.Taps - 1;
        var (x, y, (_, height, width)) = (problem.X, problem.Y, problem.Window);
        return problem.Pass == ConvPass.InputGradient
            ? new(y.C, x.C, y.H, y.W, x.H, x.W, reach - height.Before, reach - width.Before, size.Outputs) { Strides = problem.YStrides, OutputStrides = problem.XStrides }
            : new(x.C, y.C, x.H, x.W, y.H, y.W, height.Before, width.Before, size.Outputs) { Strides = problem.XStrides, OutputStrides = problem.YStrides };
    }

    /// <summary>
    /// With samples in the lanes: a group of samples is an image, whose channels are as many for each channel as there are lanes. The
    /// input gradient is the adjoint of the forward pass, so that all passes have the same tiles.
    /// </summary>
    public static WinogradGeometry OfSamples(ConvProblem problem, WinogradSize size)
    {
        var (x, y, (_, height, width), lanes) = (problem.X, problem.Y, problem.Window, problem.XLayout.Lanes);
        return new(x.C * lanes, y.C * lanes, x.H, x.W, y.H, y.W, height.Before, width.Before, size.Outputs)
        {
            Strides = problem.XStrides,
            OutputStrides = problem.YStrides,
        };
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

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Convolutions in one to three dimensions, transposed, tiled and unshared ones, padding, and their gradients.</summary>
internal sealed class ConvolutionCases : OpCaseTable
{
    public override IReadOnlyList<OpCase> Cases { get; } = [.. Convolutions(), .. TiledConvolutions(), .. Paddings()];

    private static IEnumerable<OpCase> Convolutions()
    {
        foreach (var (batch, x, filters, window, groups, bias) in new (int, Shape, int, Window, int, bool)[]
        {
            (1, [1, 5, 5], 1, Square(3), 1, true),
            (37, [1, 7, 9], 5, Square(3, padding: 1), 1, true),
            (3, [33, 6, 5], 4, Square(3, padding: 1), 1, false),
            (2, [5, 11, 13], 33, Square(5, stride: 3, padding: 2), 1, true),
            (2, [3, 9, 10], 4, Square(3, stride: 2, padding: 1), 1, true),
            (2, [2, 8, 7], 3, Square(3, padding: 2), 1, true),
            (2, [4, 12, 11], 3, Square(3, dilation: 2), 1, true),
            (3, [2, 10, 13], 3, Square(3, stride: 2, padding: 3, dilation: 2), 1, true),
            (2, [6, 7, 7], 6, Square(3, padding: 1), 6, true),
            (2, [6, 7, 7], 12, Square(3, stride: 2, padding: 1), 6, false),
            (2, [8, 6, 7], 4, Square(3, padding: 1), 2, true),
            (37, [2, 5, 4], 2, Square(3, padding: 1), 2, true),
            (1, [33, 9, 35], 33, Square(5, padding: 2), 33, true),
            (3, [4, 17, 18], 12, Square(3, stride: 2, padding: 1), 4, true),
            (2, [3, 12, 19], 3, Square(3, stride: 3, padding: 2, dilation: 2), 3, true),
            (2, [3, 4, 5], 3, Square(3, padding: 4), 3, true),
            (2, [5, 6, 6], 10, Square(1, stride: 2), 5, true),
            (2, [2, 11, 8], 2, Square(2, stride: 4), 2, false),
            (2, [3, 10, 40], 6, new Window(new WindowAxis(5, Stride: 2, Before: 1), new WindowAxis(2, Stride: 3, After: 1)), 3, true),
            (2, [6, 50], 12, new Window(new WindowAxis(1), new WindowAxis(3, Before: 8, Dilation: 4)), 6, true),
            (3, [5, 7, 6], 7, Square(1), 1, true),
            (37, [16, 3, 5], 20, Square(1), 1, false),
            (2, [5, 7, 6], 7, Square(1, stride: 2), 1, true),
            (2, [6, 5, 6], 4, Square(1), 2, true),
            (2, [3, 8, 9], 4, new Window(new WindowAxis(1), new WindowAxis(3, Before: 1, After: 1)), 1, true),
            (2, [3, 8, 9], 4, new Window(new WindowAxis(5, Stride: 2), new WindowAxis(2, Before: 1)), 1, true),
            (1, [64, 14, 14], 32, Square(3, padding: 1), 1, true),
            (2, [3, 17, 19], 16, Square(7, stride: 2, padding: 3), 1, false),
            (4, [20, 12, 12], 40, Square(5), 1, true),
            (2, [3, 13], 4, new Window(new WindowAxis(1), new WindowAxis(3, Stride: 2, Before: 1, After: 1)), 1, true),
            (37, [1, 9], 1, Line(3), 1, true),
            (1, [33, 21], 5, Line(5, stride: 3, padding: 2), 1, true),
            (3, [6, 20], 6, new Window(new WindowAxis(1), new WindowAxis(3, Before: 8, Dilation: 4)), 3, false),
            (2, [5, 17], 4, Line(1), 1, true),
            (2, [2, 5, 6, 4], 3, new Window(new WindowAxis(2, Before: 1), new WindowAxis(3, Before: 1, After: 1), new WindowAxis(2, Stride: 2)), 1, true),
            (1, [1, 3, 3, 3], 1, Cube(3), 1, true),
            (37, [1, 3, 4, 5], 2, Cube(3, padding: 1), 1, true),
            (2, [33, 3, 4, 3], 4, Cube(2), 1, false),
            (2, [4, 7, 6, 5], 6, Cube(3, stride: 2, padding: 1), 2, true),
            (2, [2, 6, 7, 9], 3, Cube(2, stride: 2, padding: 1, dilation: 2), 1, true),
            (2, [4, 3, 5, 4], 4, Cube(3, padding: 1), 4, true),
            (3, [5, 3, 2, 4], 7, Cube(1), 1, true),
            (2, [3, 5, 4, 4], 2, Cube(1, stride: 2), 1, false),

            // Pointwise, on planes and with channels that are multiples of four, and some that are not.
            (3, [16, 6, 6], 20, Square(1), 1, true),
            (2, [24, 4, 5], 16, Square(1), 2, true),
            (2, [5, 4, 6], 7, Square(1), 1, false),
            (2, [12, 2, 4, 3], 8, Cube(1), 1, true),

            // Whole vectors of channels, of every width.
            (3, [16, 7, 9], 32, Square(3, padding: 1), 1, true),
            (1, [32, 8, 8], 16, Square(3, padding: 1), 1, false),
            (2, [48, 5, 13], 16, Square(3), 1, true),
            (2, [16, 9, 10], 48, Square(3, stride: 2, padding: 1), 1, true),
            (2, [32, 6, 6], 16, Square(5, padding: 2), 1, true),
            (2, [16, 11, 12], 16, Square(3, padding: 2, dilation: 2), 1, false),
            (19, [64, 4, 4], 80, Square(3, padding: 1), 1, true),
            (2, [32, 7, 7], 64, Square(1, stride: 2), 1, false),
            (2, [16, 6, 7], 32, Square(1), 1, true),
            (2, [1, 15, 14], 32, Square(3, padding: 1), 1, true),
            (2, [4, 23, 22], 16, Square(11, stride: 4, padding: 2), 1, true),
            (33, [5, 6, 7], 6, Square(3, padding: 1), 1, true),
            (2, [16, 30], 32, Line(3, stride: 2, padding: 1), 1, true),
            (3, [48, 13, 10], 80, Square(3), 1, true),
            (21, [16, 6, 9], 64, new Window(new WindowAxis(3, Before: 2, After: 1), new WindowAxis(3, After: 2)), 1, true),
            (1, [112, 3, 2], 16, Square(3, padding: 2), 1, false),
            (3, [16, 14, 11], 48, new Window(new WindowAxis(5, Before: 4, After: 1), new WindowAxis(5, After: 3)), 1, true),

            // Groups, of whole vectors and of parts of them.
            (3, [32, 9, 7], 64, Square(3, padding: 1), 2, true),
            (2, [64, 6, 7], 32, Square(3, padding: 1), 8, true),
            (19, [48, 5, 6], 96, Square(5, padding: 2), 3, false),
            (2, [32, 8, 9], 32, Square(3, stride: 2, padding: 1), 8, true),
            (2, [64, 5, 5], 128, Square(1), 4, true),
            (2, [96, 11], 48, Line(3, stride: 2, padding: 1), 6, true),

            // Volumes, of whole vectors.
            (2, [16, 5, 9, 7], 32, Cube(3, padding: 1), 1, true),
            (3, [32, 4, 6, 5], 16, new Window(new WindowAxis(4, Stride: 2, Before: 3), new WindowAxis(3, Before: 1), new WindowAxis(3, Before: 1, After: 1)), 1, true),
            (2, [16, 3, 8, 9], 16, new Window(new WindowAxis(2, Before: 3, Dilation: 3), new WindowAxis(5, Before: 2, After: 2), new WindowAxis(5, Before: 1)), 1, false),
            (2, [16, 6, 7, 5], 16, Cube(3, stride: 2, padding: 1, dilation: 2), 1, true),

            // Large windows and few channels, by samples.
            (21, [3, 14, 11], 5, Square(5), 1, true),
            (17, [5, 9, 10], 6, new Window(new WindowAxis(5, Before: 2, After: 2), new WindowAxis(5, Before: 4, After: 1)), 1, false),
            (2, [16, 25], 16, new Window(new WindowAxis(1), new WindowAxis(3, Before: 8, Dilation: 4)), 1, true),
            (2, [32, 9, 12], 16, new Window(new WindowAxis(5, Stride: 2, Before: 3), new WindowAxis(2, After: 1)), 1, false),

            // Depthwise, by whole vectors.
            (3, [32, 9, 13], 32, Square(3, padding: 1), 32, true),
            (2, [16, 12, 11], 16, Square(3, stride: 2, padding: 1), 16, false),
            (19, [48, 5, 5], 48, Square(5, padding: 2), 48, true),
            (2, [16, 14, 17], 16, Square(3, padding: 4, dilation: 3), 16, true),
            (2, [32, 3, 4], 32, Square(2, stride: 3), 32, true),
            (2, [16, 40], 16, Line(7, stride: 2, padding: 3), 16, true),

            // Remainders of the stride that some taps reach, or none; taps in the padding everywhere.
            (2, [16, 13, 12], 16, Square(3, stride: 2, padding: 3, dilation: 2), 1, true),
            (2, [16, 14, 11], 32, Square(3, stride: 3, padding: 1, dilation: 2), 1, true),
            (2, [16, 11, 8], 16, Square(2, stride: 4), 1, true),
            (3, [16, 2, 3], 16, Square(3, padding: 4), 1, true),

            // More rows, or samples, than one thread takes at a time.
            (1, [64, 34, 34], 16, Square(3, padding: 1), 1, true),
            (1, [16, 70, 66], 16, Square(3, stride: 2, padding: 1), 1, true),
            (70, [16, 3, 4], 16, Square(3, padding: 1), 1, true),

            // More windows than the CPU's convolution makes at a time.
            (1, [8, 12, 20, 24], 2, new Window(new WindowAxis(3, Stride: 2, Before: 1, After: 1), new WindowAxis(3, 1, 1, 1), new WindowAxis(3, 1, 1, 1)), 1, true),
            (2, [3, 2, 5, 6], 2, Square(3, padding: 1), 1, true),
        })
        {
            var conv = new ConvOp { Window = window, Groups = groups };
            TensorType[] inputs = [new(x, true), new(conv.WeightShape(x, filters), false), .. bias ? [Once(filters)] : Array.Empty<TensorType>()];
            var forward = new OpCase(conv, batch, inputs);
            yield return forward;
            yield return new(conv with { Relu = true }, batch, inputs) { HasGradient = false };
            yield return new(conv with { Adds = true }, batch, [.. inputs, forward.Output]) { HasGradient = false };
            yield return new(conv with { Adds = true, Relu = true }, batch, [.. inputs, forward.Output]) { HasGradient = false };
            yield return new(
                new ConvTransposeOp { Window = window, Groups = groups, OutputShape = x },
                batch, [forward.Output, inputs[1], .. bias ? [Once(x.C)] : Array.Empty<TensorType>()]);
            yield return new(new ConvWeightGradientOp { Window = window, Groups = groups, Shape = inputs[1].Shape }, batch, inputs[0], forward.Output);
        }
    }

    private static IEnumerable<OpCase> TiledConvolutions()
    {
        foreach (var (batch, x, filters, window, tiles, bias) in new (int, Shape, int, Window, Size, bool)[]
        {
            (1, [1, 5, 5], 1, Square(3), 1, true),
            (37, [1, 7, 9], 5, Square(3, padding: 1), 2, true),
            (3, [33, 6, 5], 4, Square(3, padding: 1), (3, 2), false),
            (2, [3, 9, 10], 33, Square(3, stride: 2, padding: 1), (1, 3), true),
            (2, [4, 12, 11], 3, Square(3, dilation: 2), (8, 7), true),
            (37, [2, 4, 5], 3, Square(3, padding: 1), (4, 5), false),
            (1, [3, 7, 6], 7, Square(1), (7, 6), true),
            (2, [3, 8, 9], 4, new Window(new WindowAxis(5, Stride: 2), new WindowAxis(2, Before: 1)), (2, 4), true),
            (37, [1, 9], 1, Line(3), 3, true),
            (3, [6, 20], 5, Line(4, stride: 2, padding: 2), 11, false),
            (2, [33, 17], 4, new Window(new WindowAxis(1), new WindowAxis(3, Before: 4, Dilation: 2)), 4, true),
            (70, [8, 12, 12], 8, Square(3), 2, true),
        })
        {
            var conv = new TiledConvOp { Window = window, Tiles = x.Rank == 2 ? (1, tiles.Width) : tiles };
            TensorType[] inputs = [new(x, true), new(conv.WeightShape(x, filters), false), .. bias ? [Once(filters)] : Array.Empty<TensorType>()];
            var forward = new OpCase(conv, batch, inputs);
            yield return forward;
            yield return new(new TiledConvInputGradientOp { Window = window, Tiles = conv.Tiles, InputShape = x }, batch, forward.Output, inputs[1]);
            yield return new(new TiledConvWeightGradientOp { Window = window, Tiles = conv.Tiles, Shape = inputs[1].Shape }, batch, inputs[0], forward.Output);
        }
    }

    private static IEnumerable<OpCase> Paddings()
    {
        foreach (var mode in Enum.GetValues<PaddingMode>())
        {
            foreach (var (batch, x, axis, before, after) in new (int, TensorType, int, int, int)[]
            {
                (1, Each(1, 5, 5), 2, 2, 1),
                (37, Each(3, 4, 5), 1, 3, 0),
                (2, Each(33, 7), 1, 6, 6),
                (3, Each(2, 3, 4, 5), 1, 1, 2),
                (2, Each(3, 2, 33), 0, 2, 1),
                (1, Once(6, 40), 1, 0, 17),
            })
            {
                var pad = new OpCase(new PadOp { Axis = axis, Before = before, After = after, Mode = mode }, batch, x) { Tolerance = Pointwise };
                yield return pad;
                yield return new(new PadGradientOp { Axis = axis, Before = before, After = after, Mode = mode }, batch, pad.Output) { Tolerance = Pointwise };
            }
        }
    }

    /// <summary>A window along the only spatial axis.</summary>
    private static Window Line(int size, int stride = 1, int padding = 0)
        => new(new WindowAxis(1), new WindowAxis(size, stride, padding, padding));

    /// <summary>A window that is the same along depth, height and width.</summary>
    private static Window Cube(int size, int stride = 1, int padding = 0, int dilation = 1)
    {
        var axis = new WindowAxis(size, stride, padding, padding, dilation);
        return new Window(axis, axis, axis);
    }
}

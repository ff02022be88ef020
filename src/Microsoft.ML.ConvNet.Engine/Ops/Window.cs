namespace Microsoft.ML.ConvNet.Ops;

/// <summary>How a kernel or pooling window moves along one axis.</summary>
/// <param name="Size">The taps of the window.</param>
/// <param name="Stride">The step between two windows.</param>
/// <param name="Before">Padding before the first element.</param>
/// <param name="After">Padding after the last element.</param>
/// <param name="Dilation">The distance between two taps.</param>
public readonly record struct WindowAxis(int Size, int Stride = 1, int Before = 0, int After = 0, int Dilation = 1)
{
    /// <summary>The elements from the first tap to the last.</summary>
    public int Extent => ((Size - 1) * Dilation) + 1;

    /// <summary>
    /// The number of windows along an axis of <paramref name="input"/> elements: ⌊(input + padding − extent)/stride⌋ + 1
    /// (Dumoulin &amp; Visin, A guide to convolution arithmetic for deep learning, relationship 15); 0 where none fits.
    /// </summary>
    public int Outputs(int input)
        => input + Before + After < Extent ? 0 : ((input + Before + After - Extent) / Stride) + 1;

    /// <summary>The input element under one tap of one window; outside 0…input−1 it is padding.</summary>
    public int Input(int output, int tap) => (output * Stride) - Before + (tap * Dilation);

    /// <summary>The first window whose given tap lies on the input and not on padding, and the one after the last.</summary>
    public (int First, int End) Inside(int tap, int input, int outputs)
    {
        var start = Input(0, tap);
        var first = start >= 0 ? 0 : (-start + Stride - 1) / Stride;
        var end = start >= input ? 0 : ((input - 1 - start) / Stride) + 1;
        return (first, Math.Min(end, outputs));
    }
}

/// <summary>How a kernel or pooling window moves over one, two or three spatial axes.</summary>
/// <param name="Depth">The first of three spatial axes; 1 wide below three.</param>
/// <param name="Height">The first of two spatial axes; 1 high below two.</param>
/// <param name="Width">The last spatial axis.</param>
public readonly record struct Window(WindowAxis Depth, WindowAxis Height, WindowAxis Width)
{
    /// <summary>A window over height and width.</summary>
    public Window(WindowAxis height, WindowAxis width) : this(new WindowAxis(1), height, width)
    {
    }

    /// <summary>The taps of the window.</summary>
    public int Taps => Depth.Size * Height.Size * Width.Size;

    /// <summary>Whether every window is one element in its own place: the 1×1 window without stride or padding.</summary>
    public bool IsPointwise
        => this == new Window(new WindowAxis(1), new WindowAxis(1));

    /// <summary>The indices of all taps, the last axis fastest.</summary>
    internal IEnumerable<(int Depth, int Height, int Width)> EachTap()
    {
        for (var tap = 0; tap < Taps; tap++)
            yield return (tap / Width.Size / Height.Size, tap / Width.Size % Height.Size, tap % Width.Size);
    }

    /// <summary>The spatial extents that come out of <paramref name="input"/>, with <paramref name="channels"/> in front.</summary>
    /// <exception cref="ShapeException">The attributes make no sense, or no window fits.</exception>
    public Shape Infer(OpInputs inputs, Shape input, int channels)
    {
        Check(inputs, input);
        Span<int> extents = [channels, Depth.Outputs(input.D), Height.Outputs(input.H), Width.Outputs(input.W)];
        var spatial = extents[(5 - input.Rank)..];
        if (spatial.Contains(0))
            throw inputs.Error($"the output would be {string.Join('×', [channels, .. spatial])}");
        return new Shape([channels, .. spatial]);
    }

    /// <summary>Checks the attributes, and that an input of <paramref name="input"/> has the axes.</summary>
    /// <exception cref="ShapeException">The attributes make no sense, or the input has other axes.</exception>
    internal void Check(OpInputs inputs, Shape input)
    {
        if (input.Rank is < 2 or > 4)
            throw inputs.Error("it takes channels and one to three spatial axes, such as C×H×W");
        CheckAxis(inputs, Depth, "depth");
        CheckAxis(inputs, Height, "height");
        CheckAxis(inputs, Width, "width");
        if ((input.Rank < 4 && Depth != new WindowAxis(1)) || (input.Rank < 3 && Height != new WindowAxis(1)))
            throw inputs.Error($"the window has more axes than the {input.Rank - 1} of the input");
    }

    /// <summary>The window as a person would say it: its size, and stride, padding and dilation where they are not trivial.</summary>
    public string Describe(int spatialAxes)
    {
        var window = this;
        var parts = new List<string> { All(a => a.Size, '×', always: true) };
        if (Any(a => a.Stride != 1))
            parts.Add($"stride {All(a => a.Stride, '×')}");
        if (Any(a => a.Before != 0 || a.After != 0))
            parts.Add($"padding {(Any(a => a.Before != a.After) ? string.Join(' ', Axes().Select(a => $"{a.Before}+{a.After}")) : All(a => a.Before, '×'))}");
        if (Any(a => a.Dilation != 1))
            parts.Add($"dilation {All(a => a.Dilation, '×')}");
        return string.Join(", ", parts);

        // Axes that the input does not have are shown too where the window has them.
        IEnumerable<WindowAxis> Axes()
            => new[] { window.Depth, window.Height, window.Width }
                .SkipWhile((a, i) => i < Math.Min(2, 3 - spatialAxes) && a == new WindowAxis(1));

        bool Any(Func<WindowAxis, bool> predicate) => Axes().Any(predicate);

        string All(Func<WindowAxis, int> value, char separator, bool always = false)
            => !always && Axes().Select(value).Distinct().Count() == 1
                ? $"{value(window.Width)}"
                : string.Join(separator, Axes().Select(value));
    }

    private static void CheckAxis(OpInputs inputs, WindowAxis axis, string name)
    {
        if (axis.Size < 1 || axis.Stride < 1 || axis.Dilation < 1)
            throw inputs.Error($"size, stride and dilation must be at least 1; along the {name} they are {axis.Size}, {axis.Stride} and {axis.Dilation}");
        if (axis.Before < 0 || axis.After < 0)
            throw inputs.Error($"padding must not be negative; along the {name} it is {axis.Before} and {axis.After}");
    }
}

/// <summary>An op that looks at its input through windows.</summary>
public interface IWindowed
{
    /// <summary>How the windows move.</summary>
    Window Window { get; }
}

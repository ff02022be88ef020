using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// How far a layer reaches beyond the borders of its input: a number of elements on both sides of each axis, such as
/// <c>padding: 1</c> or <c>padding: (1, 2)</c> for height and width, or a rule. The default is <see cref="Valid"/>.
/// </summary>
public readonly record struct Padding
{
    private enum Rule
    {
        Elements,
        Same,
        Causal,
    }

    private Rule Kind { get; init; }

    /// <summary>The number of axes that were given; 0 for the same elements along all.</summary>
    private int Axes { get; init; }

    private Volume Before { get; init; }

    private Volume After { get; init; }

    /// <summary>No padding: windows lie inside the input.</summary>
    public static Padding Valid => default;

    /// <summary>
    /// As much that the output has ⌈input/stride⌉ elements along each axis; of an odd number the extra one is after, as in
    /// TensorFlow and Keras.
    /// </summary>
    public static Padding Same { get; } = new() { Kind = Rule.Same };

    /// <summary>
    /// All padding before, so that an output sees its own place and what came earlier, never later (van den Oord et al. 2016,
    /// WaveNet). For layers of one spatial axis.
    /// </summary>
    public static Padding Causal { get; } = new() { Kind = Rule.Causal };

    /// <summary>The same number of elements on both sides of all axes.</summary>
    public static implicit operator Padding(int elements) => new() { Before = elements, After = elements };

    /// <summary>Elements above and below, and left and right.</summary>
    public static implicit operator Padding((int Height, int Width) pair) => (Size)pair;

    /// <summary>Elements above and below, and left and right.</summary>
    public static implicit operator Padding(Size size) => Of(2, new Volume(0, size.Height, size.Width), new Volume(0, size.Height, size.Width));

    /// <summary>Elements in front and behind, above and below, and left and right.</summary>
    public static implicit operator Padding((int Depth, int Height, int Width) triple) => (Volume)triple;

    /// <summary>Elements in front and behind, above and below, and left and right.</summary>
    public static implicit operator Padding(Volume volume) => Of(3, volume, volume);

    /// <summary>Different numbers of elements before and after the only spatial axis, in a layer that has one.</summary>
    public static Padding Sides(int before, int after) => Of(1, new Volume(0, 0, before), new Volume(0, 0, after));

    /// <summary>Different numbers of elements before (above, left) and after (below, right).</summary>
    public static Padding Sides(Size before, Size after)
        => Of(2, new Volume(0, before.Height, before.Width), new Volume(0, after.Height, after.Width));

    /// <summary>Different numbers of elements before (in front, above, left) and after (behind, below, right).</summary>
    public static Padding Sides(Volume before, Volume after) => Of(3, before, after);

    /// <summary>Whether the size of a transposed convolution's output follows from the rule.</summary>
    internal bool IsSame => Kind == Rule.Same;

    internal bool IsCausal => Kind == Rule.Causal;

    /// <summary>The window of a layer of <paramref name="axes"/> spatial axes on an input of <paramref name="x"/>.</summary>
    /// <param name="axes">The number of spatial axes of the layer: the last of depth, height and width.</param>
    /// <param name="x">The shape of the input.</param>
    /// <param name="kernel">The taps; 1 along axes that the layer does not have.</param>
    /// <param name="stride">The steps.</param>
    /// <param name="dilation">The distances between taps.</param>
    internal Window Window(int axes, Shape x, Volume kernel, Volume stride, Volume dilation)
        => new(
            axes < 3 ? new WindowAxis(1) : Axis(new WindowAxis(kernel.Depth, stride.Depth, Before.Depth, After.Depth, dilation.Depth), x.D),
            axes < 2 ? new WindowAxis(1) : Axis(new WindowAxis(kernel.Height, stride.Height, Before.Height, After.Height, dilation.Height), x.H),
            Axis(new WindowAxis(kernel.Width, stride.Width, Before.Width, After.Width, dilation.Width), x.W));

    /// <summary>Checks that the padding is meant for a layer of <paramref name="axes"/> spatial axes.</summary>
    internal void Check(OpInputs inputs, int axes)
    {
        if (Axes != 0 && Axes != axes)
            throw inputs.Error($"its padding is given for {Axes} axes; it has {axes}");
        if (Kind == Rule.Causal && axes != 1)
            throw inputs.Error($"causal padding is for one axis; it has {axes}");
    }

    private static Padding Of(int axes, Volume before, Volume after) => new() { Axes = axes, Before = before, After = after };

    private WindowAxis Axis(WindowAxis axis, int input)
    {
        // What makes no sense stays as it is, for the window's own check to complain of.
        if (Kind == Rule.Elements || axis.Size < 1 || axis.Stride < 1 || axis.Dilation < 1)
            return axis;
        if (Kind == Rule.Causal)
            return axis with { Before = axis.Extent - 1 };
        var outputs = (input + axis.Stride - 1) / axis.Stride;
        var padding = Math.Max(0, ((outputs - 1) * axis.Stride) + axis.Extent - input);
        return axis with { Before = padding / 2, After = padding - (padding / 2) };
    }
}

using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>How the filters of a layer of one to three spatial axes move, before the shape of the input is known.</summary>
internal readonly record struct SlidingWindow(int Axes, Volume Kernel, Volume Stride, Padding Padding, PaddingMode Mode, Volume Dilation)
{
    public static SlidingWindow OverSequence(int kernel, int stride, Padding padding, PaddingMode mode, int dilation)
        => new(1, (1, 1, kernel), (1, 1, stride), padding, mode, (1, 1, dilation));

    public static SlidingWindow OverImage(Size kernel, Size? stride, Padding padding, PaddingMode mode, Size? dilation)
    {
        var (step, spread) = (stride ?? 1, dilation ?? 1);
        return new(2, (1, kernel.Height, kernel.Width), (1, step.Height, step.Width), padding, mode, (1, spread.Height, spread.Width));
    }

    public static SlidingWindow OverVolume(Volume kernel, Volume? stride, Padding padding, PaddingMode mode, Volume? dilation)
        => new(3, kernel, stride ?? 1, padding, mode, dilation ?? 1);

    /// <summary>The window on an input of <paramref name="x"/>.</summary>
    public Window On(Shape x) => Padding.Window(Axes, x, Kernel, Stride, Dilation);

    /// <summary>Checks what a window does not know of.</summary>
    public void Check(OpInputs inputs)
    {
        Padding.Check(inputs, Axes);
        if (inputs[0].Shape.Rank is >= 2 and <= 4 && inputs[0].Shape.Rank < Axes + 1)
            throw inputs.Error($"the window has more axes than the {inputs[0].Shape.Rank - 1} of the input");
    }

    /// <summary>
    /// The input and the window to use: zeros are left to the window; other padding is put around the input, axis by axis.
    /// </summary>
    public (Node X, Window Window) Pad(Node x, string name)
    {
        var window = On(x.Shape);
        if (Mode == PaddingMode.Zeros)
            return (x, window);
        var (padded, mode) = (x, Mode);
        var inside = new Window(Along(window.Depth, 3, "Depth"), Along(window.Height, 2, "Height"), Along(window.Width, 1, "Width"));
        return (padded, inside);

        WindowAxis Along(WindowAxis axis, int fromEnd, string what)
        {
            if (axis.Before != 0 || axis.After != 0)
            {
                var op = new PadOp { Axis = x.Shape.Rank - fromEnd, Before = axis.Before, After = axis.After, Mode = mode };
                padded = new Node(op, [padded], $"{name}.pad{what}");
            }

            return axis with { Before = 0, After = 0 };
        }
    }
}

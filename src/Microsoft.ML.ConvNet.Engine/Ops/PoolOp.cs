using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>What all pooling shares: a window over each channel by itself, along one to three spatial axes.</summary>
public abstract record PoolOp : Op, IWindowed
{
    /// <summary>How the window moves.</summary>
    public required Window Window { get; init; }

    /// <summary>
    /// Whether a last window that reaches past the padding counts too: ⌈(input + padding − extent)/stride⌉ + 1 windows instead of
    /// ⌊…⌋ + 1, less one that would start after the input. What it reaches past the padding is not there at all.
    /// </summary>
    public bool CeilMode { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        return new TensorType(Pool(inputs, inputs[0].Shape), Batched: true);
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"window {Window.Describe(inputs[0].Shape.Rank - 1)}{(CeilMode ? ", ceil mode" : "")}";

    /// <summary>The shape that comes out of <paramref name="x"/>.</summary>
    /// <exception cref="ShapeException">The window makes no sense, or does not fit.</exception>
    internal Shape Pool(OpInputs inputs, Shape x)
    {
        var window = CeilMode ? new Window(Ceiling(Window.Depth, x.D), Ceiling(Window.Height, x.H), Ceiling(Window.Width, x.W)) : Window;
        var y = window.Infer(inputs, x, x.C);
        CheckPadding(inputs, Window.Depth, x.D, y.D, "depth");
        CheckPadding(inputs, Window.Height, x.H, y.H, "height");
        CheckPadding(inputs, Window.Width, x.W, y.W, "width");
        return y;
    }

    // With so much padding after the input, counting full windows counts the last partial one too.
    private static WindowAxis Ceiling(WindowAxis axis, int input)
    {
        if (axis.Stride < 1)
            return axis;
        var windows = ((input + axis.Before + axis.After - axis.Extent + axis.Stride - 1) / axis.Stride) + 1;
        if ((windows - 1) * axis.Stride >= input + axis.Before)
            windows--;
        return axis with { After = Math.Max(axis.After, ((windows - 1) * axis.Stride) + axis.Extent - input - axis.Before) };
    }

    // A window that lies in the padding alone has no maximum and no average.
    private static void CheckPadding(OpInputs inputs, WindowAxis axis, int input, int outputs, string name)
    {
        if (axis.Before >= axis.Extent || axis.After >= axis.Extent)
            throw inputs.Error($"padding {axis.Before}+{axis.After} must be smaller than the window of {axis.Extent}");
        for (var output = 0; axis.Dilation > 1 && output < outputs; output++)
        {
            if (!Enumerable.Range(0, axis.Size).Any(tap => (uint)axis.Input(output, tap) < (uint)input))
                throw inputs.Error($"no tap of window {output} along the {name} would lie on the input: {axis.Input(output, 0)} … {axis.Input(output, axis.Size - 1)} of 0…{input - 1}");
        }
    }
}

/// <summary>
/// The windows of a pooling: for each output its inputs, as flat indices in scanning order. Shared by the naive
/// implementations of pooling and of its gradients.
/// </summary>
internal static class PoolWindows
{
    public delegate void Visit(int output, ReadOnlySpan<int> inputs);

    public static void ForEach(Window window, int batch, Shape x, Shape y, Visit visit)
    {
        Span<int> inside = new int[window.Taps];
        var taps = window.EachTap().ToArray();
        for (var output = 0; output < batch * y.Length; output++)
        {
            var plane = output / y.Plane;
            var (d, h, w) = Place(output, y);
            var count = 0;
            foreach (var (kd, kh, kw) in taps)
            {
                var (xd, xh, xw) = (window.Depth.Input(d, kd), window.Height.Input(h, kh), window.Width.Input(w, kw));
                if ((uint)xd < (uint)x.D && (uint)xh < (uint)x.H && (uint)xw < (uint)x.W)
                    inside[count++] = (((((plane * x.D) + xd) * x.H) + xh) * x.W) + xw;
            }

            visit(output, inside[..count]);
        }
    }

    /// <summary>Depth, height and width of an output in its plane.</summary>
    public static (int Depth, int Height, int Width) Place(int output, Shape y)
    {
        var place = output % y.Plane;
        return (place / (y.H * y.W), place / y.W % y.H, place % y.W);
    }
}

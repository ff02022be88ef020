using System.Text.Json.Serialization;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>How a resized image is made from the pixels of the original.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResizeMode>))]
public enum ResizeMode
{
    /// <summary>
    /// Each pixel is one of the original: ⌊o·input/output⌋ along each axis. PyTorch computes this in float32, and is one pixel off for a few sizes.
    /// </summary>
    Nearest,

    /// <summary>Each pixel lies between two of the original along each axis: linear, bilinear or trilinear interpolation.</summary>
    Linear,
}

/// <summary>
/// An image of another size, as in PyTorch's <c>interpolate</c>. Pixels are squares: the middle of output o is at (o + ½)·input/output − ½ of
/// the input, and not before 0; with <see cref="AlignCorners"/> they are points, the first and last of which stay in place: o·(input − 1)/(output − 1).
/// </summary>
[Op("Resize")]
public sealed record ResizeOp : ResampleOp
{
    /// <summary>The spatial extents of the output, whatever the input's; none where <see cref="Factors"/> are given.</summary>
    public Shape Size { get; init; }

    /// <summary>By what each spatial axis grows; none where <see cref="Size"/> is given.</summary>
    public Shape Factors { get; init; }

    /// <summary>How pixels are made.</summary>
    public ResizeMode Mode { get; init; }

    /// <summary>Whether the first and last pixels of input and output coincide; only for <see cref="ResizeMode.Linear"/>.</summary>
    public bool AlignCorners { get; init; }

    /// <inheritdoc/>
    public override AxisMap Map(int input, int output) => new(input, output, Mode switch
    {
        ResizeMode.Nearest => o => [new AxisTap((int)((long)o * input / output), 1)],
        _ => o => Between(Source(o, input, output), input),
    });

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        if (Size.Rank > 0 == Factors.Rank > 0)
            throw inputs.Error("it needs either a size or factors");
        if (!Enum.IsDefined(Mode))
            throw inputs.Error($"there is no mode {Mode}");
        if (AlignCorners && Mode == ResizeMode.Nearest)
            throw inputs.Error("corners can be aligned in the linear mode only");
        return base.Infer(inputs);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new ResizeGradientOp { Forward = this, InputShape = context.Input(0).Shape }, context.OutputGradient));

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs)
        => $"{(Size.Rank > 0 ? $"to {Size}" : $"by {Factors}")}, {(Mode == ResizeMode.Nearest ? "nearest" : "linear")}{(AlignCorners ? ", corners aligned" : "")}";

    private protected override int SpatialAxes => Math.Max(Size.Rank, Factors.Rank);

    private protected override int Extent(int axis, int input) => Size.Rank > 0 ? Size[axis] : Grown(input, Factors[axis]);

    private double Source(int o, int input, int output)
        => !AlignCorners ? Math.Max(0, ((o + 0.5) * input / output) - 0.5)
            : output == 1 ? 0
            : (double)((long)o * (input - 1)) / (output - 1);

    // A tap of weight 0 is left out: it would turn an infinity beside the pixel into NaN.
    private static IEnumerable<AxisTap> Between(double source, int input)
    {
        var first = Math.Min((int)source, input - 1);
        var weight = source - first;
        if (first == input - 1 || weight == 0)
            return [new AxisTap(first, 1)];
        return [new AxisTap(first, 1 - weight), new AxisTap(first + 1, weight)];
    }
}

/// <summary>dL/dx of resizing: each output's gradient goes to the inputs that it was made from, by their weights. Input: dy.</summary>
[Op("ResizeGradient")]
public sealed record ResizeGradientOp : ResampleGradientOp
{
    /// <summary>The resizing.</summary>
    public required ResizeOp Forward { get; init; }

    private protected override ResampleOp Resampling => Forward;
}

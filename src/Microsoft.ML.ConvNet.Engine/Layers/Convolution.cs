using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Height and width, for windows, strides, paddings and dilations. One number stands for both.</summary>
/// <param name="Height">Along the height.</param>
/// <param name="Width">Along the width.</param>
public readonly record struct Size(int Height, int Width)
{
    /// <summary>The same number both ways.</summary>
    public static implicit operator Size(int both) => new(both, both);

    /// <summary>Height and width from a pair.</summary>
    public static implicit operator Size((int Height, int Width) pair) => new(pair.Height, pair.Width);
}

/// <summary>Convolution layers.</summary>
public static class Convolution
{
    /// <summary>
    /// A convolution of a C×H×W image with trained filters: output filters×H′×W′, where
    /// H′ = ⌊(H + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1 and W′ likewise (Dumoulin &amp; Visin 2016).
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The number of filters, which become the channels of the output.</param>
    /// <param name="kernel">The height and width of a filter.</param>
    /// <param name="stride">The step between two places; 1 by default.</param>
    /// <param name="padding">Zeros on each side; none by default.</param>
    /// <param name="dilation">The distance between two taps of a filter; 1 by default.</param>
    /// <param name="groups">The number of groups; C groups make a depthwise convolution.</param>
    /// <param name="bias">Whether a trained number is added to each filter's output.</param>
    /// <param name="initializer">How the filters start; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; conv1, conv2 … by default.</param>
    /// <exception cref="ShapeException">The image is smaller than the kernel, or the groups do not divide the channels.</exception>
    public static Node Conv(
        this Node x, int filters, Size kernel, Size? stride = null, Size? padding = null, Size? dilation = null,
        int groups = 1, bool bias = true, Initializer? initializer = null, string? name = null)
    {
        name ??= x.Scope.Next("conv");
        var (step, pad, spread) = (stride ?? 1, padding ?? 0, dilation ?? 1);
        var op = new ConvOp
        {
            Window = new Window(
                new WindowAxis(kernel.Height, step.Height, pad.Height, pad.Height, spread.Height),
                new WindowAxis(kernel.Width, step.Width, pad.Width, pad.Width, spread.Width)),
            Groups = groups,
        };
        Check(x, op, filters, name);

        var weight = x.Variable(op.WeightShape(x.Shape, filters), initializer ?? Initializer.He, $"{name}.weight");
        return bias
            ? new Node(op, [x, weight, x.Variable([filters], Initializer.Zeros, $"{name}.bias")], name)
            : new Node(op, [x, weight], name);
    }

    // The weight's shape follows from the attributes, so they are checked before it is made.
    private static void Check(Node x, ConvOp op, int filters, string name)
    {
        var inputs = new OpInputs(op, name, [x]) { Attributes = ConvOp.Describe(op.Window, op.Groups, x.Shape, filters) };
        if (filters < 1)
            throw inputs.Error($"it needs at least 1 filter, not {filters}");
        if (op.Groups < 1 || x.Shape.C % op.Groups != 0 || filters % op.Groups != 0)
            throw inputs.Error($"{op.Groups} groups do not divide {x.Shape.C} channels and {filters} filters");
        op.Window.Infer(inputs, x.Shape, filters);
    }
}

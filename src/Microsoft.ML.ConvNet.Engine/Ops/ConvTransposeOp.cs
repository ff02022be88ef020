using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Transposed convolution, the adjoint of <see cref="ConvOp"/>: y[c, i] = b[c] + Σ w[o, c, t] · x[o, p] over all channels o of
/// the input, taps t and places p with p·stride − padding + t·dilation = i (Dumoulin &amp; Visin, A guide to convolution
/// arithmetic for deep learning, chapter 4). It is a layer that enlarges, and the input gradient of a convolution. Inputs:
/// x, the weight C_in×(C_out/groups)×taps, and optionally a bias of C_out.
/// </summary>
[Op("ConvTranspose")]
public sealed record ConvTransposeOp : Op
{
    /// <summary>How the filters of the convolution move over <see cref="OutputShape"/>.</summary>
    public required Window Window { get; init; }

    /// <summary>The number of groups: each input channel reaches C_out/groups channels.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>
    /// The shape of the output, which is the input of the convolution. Several give the same convolved shape where the stride is
    /// not 1: the smallest of them has an output padding of 0.
    /// </summary>
    public required Shape OutputShape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2, 3);
        inputs.ExpectBatched(0);
        var x = inputs[0].Shape;
        Convolution.CheckGroups(inputs, x, OutputShape.C);
        var convolved = Window.Infer(inputs, OutputShape, x.C);
        if (convolved != x)
            throw inputs.Error($"its output of {OutputShape} would be convolved to {convolved}");
        inputs.Expect(1, new TensorType(Convolution.WeightShape(OutputShape, x.C), false), "weight");
        if (inputs.Count > 2)
            inputs.Expect(2, new TensorType([OutputShape.C], false), "bias");
        return new TensorType(OutputShape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var dY = context.OutputGradient;
        if (context.Needs(0))
            context.Add(0, context.New(Convolution, dY, context.Input(1)));
        if (context.Needs(1))
            context.Add(1, context.New(new ConvWeightGradientOp { Window = Window, Groups = Groups, Shape = context.Input(1).Shape }, dY, context.Input(0)));
        if (context.Needs(2))
            context.Add(2, context.New(new ChannelSumOp(), dY));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var w = call.Input(1);
        var y = call.Output;
        var bias = call.InputTypes.Count > 2 ? call.Input(2) : default;
        for (var i = 0; i < y.Length; i++)
            y[i] = bias.IsEmpty ? T.Zero : bias[i / OutputShape.Plane % OutputShape.C];
        foreach (var run in Convolution.Runs(call.Batch, OutputShape, call.InputTypes[0].Shape))
            for (var i = 0; i < run.Count; i++)
                y[run.X + (i * run.XStep)] += x[run.Y + i] * w[run.W];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs)
        => ConvOp.Describe(Window, Groups, inputs[0].Shape, OutputShape.C);

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)inputs[0].Shape.Length * (inputs[1].Shape.Length / inputs[1].Shape.C);

    /// <summary>The same op, with the same output padding, for an input of another size.</summary>
    internal ConvTransposeOp ForInput(Shape before, Shape now)
    {
        var extents = OutputShape.AsSpan().ToArray();
        ReadOnlySpan<int> strides = [Window.Depth.Stride, Window.Height.Stride, Window.Width.Stride];
        for (var axis = 1; axis < extents.Length; axis++)
            extents[axis] += (now[axis] - before[axis]) * strides[axis + 3 - extents.Length];
        return this with { OutputShape = new Shape(extents) };
    }

    /// <summary>The convolution that this is the adjoint of: its x is our y.</summary>
    private ConvOp Convolution => new() { Window = Window, Groups = Groups };
}

using System.Text.Json.Serialization;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Convolution as networks use the word, that is cross-correlation:
/// y[o, p] = b[o] + Σ w[o, c, t] · x[c, p·stride − padding + t·dilation] over the channels c of the filter's group and
/// the taps t (Goodfellow, Bengio &amp; Courville, Deep Learning, equation 9.6). Inputs: x, the weight O×(C/groups)×taps,
/// and optionally a bias of O.
/// </summary>
[Op("Conv")]
public sealed record ConvOp : Op, IWindowed
{
    /// <summary>How the filters move over the input.</summary>
    public required Window Window { get; init; }

    /// <summary>The number of groups: each filter sees C/groups channels. C groups make a depthwise convolution.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether the last input is added to the output: a shortcut that a plan has fused into the convolution.</summary>
    [JsonIgnore]
    public bool Adds { get; init; }

    /// <summary>Whether negative outputs become zero, after the addition: a ReLU that a plan has fused into the convolution.</summary>
    [JsonIgnore]
    public bool Relu { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(Adds ? 3 : 2, Adds ? 4 : 3);
        inputs.ExpectBatched(0);
        var x = inputs[0].Shape;
        var filters = inputs[1].Shape.C;
        CheckGroups(inputs, x, filters);
        var y = Window.Infer(inputs, x, filters);
        inputs.Expect(1, new TensorType(WeightShape(x, filters), false), "weight");
        var output = new TensorType(y, Batched: true);
        if (HasBias(inputs.Count))
            inputs.Expect(2, new TensorType([filters], false), "bias");
        if (Adds)
            inputs.Expect(inputs.Count - 1, output, "addend");
        return output;
    }

    /// <summary>Whether one of so many inputs is a bias.</summary>
    public bool HasBias(int inputs) => inputs > (Adds ? 3 : 2);

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        if (Adds || Relu)
            throw new NotSupportedException($"{Name} '{context.Node.Name}' cannot be differentiated after it was fused.");
        var dY = context.OutputGradient;
        if (context.Needs(0))
            context.Add(0, context.New(new ConvTransposeOp { Window = Window, Groups = Groups, OutputShape = context.Input(0).Shape }, dY, context.Input(1)));
        if (context.Needs(1))
            context.Add(1, context.New(new ConvWeightGradientOp { Window = Window, Groups = Groups, Shape = context.Input(1).Shape }, context.Input(0), dY));
        if (context.Needs(2))
            context.Add(2, context.New(new ChannelSumOp(), dY));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var w = call.Input(1);
        var y = call.Output;
        var bias = HasBias(call.InputTypes.Count) ? call.Input(2) : default;
        var plane = call.OutputType.Shape.Plane;
        for (var i = 0; i < y.Length; i++)
            y[i] = bias.IsEmpty ? T.Zero : bias[i / plane % call.OutputType.Shape.C];
        foreach (var run in Runs(call.Batch, call.InputTypes[0].Shape, call.OutputType.Shape))
            for (var i = 0; i < run.Count; i++)
                y[run.Y + i] += x[run.X + (i * run.XStep)] * w[run.W];
        for (var i = 0; i < y.Length && (Adds || Relu); i++)
        {
            var sum = Adds ? y[i] + call.Input(call.InputTypes.Count - 1)[i] : y[i];
            y[i] = Relu ? T.Max(sum, T.Zero) : sum;
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs)
        => Describe(Window, Groups, inputs[0].Shape, inputs.Count > 1 ? inputs[1].Shape.C : 0);

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)output.Length * (inputs[1].Shape.Length / inputs[1].Shape.C);

    /// <summary>The shape of the weight for an input of <paramref name="x"/>: filters × channels of a group × window.</summary>
    public Shape WeightShape(Shape x, int filters)
    {
        ReadOnlySpan<int> window = [Window.Depth.Size, Window.Height.Size, Window.Width.Size];
        return new Shape([filters, x.C / Groups, .. window[(4 - x.Rank)..]]);
    }

    /// <summary>Checks that the groups divide the channels of <paramref name="x"/> and the filters, of which there are some.</summary>
    internal void CheckGroups(OpInputs inputs, Shape x, int filters)
    {
        if (filters < 1)
            throw inputs.Error($"it needs at least 1 filter, not {filters}");
        if (Groups < 1 || x.C % Groups != 0 || filters % Groups != 0)
            throw inputs.Error($"{Groups} groups do not divide {x.C} channels and {filters} filters");
    }

    /// <summary>
    /// All products x[i]·w[j] of which y[k] is the sum: what forward adds up by y, the input gradient adds up by x and the
    /// weight gradient by w. They come in runs along the width, in which w stays and x moves by the stride.
    /// </summary>
    internal IEnumerable<Run> Runs(int batch, Shape x, Shape y)
    {
        var (groupIn, groupOut) = (x.C / Groups, y.C / Groups);
        for (var n = 0; n < batch; n++)
        {
            for (var o = 0; o < y.C; o++)
            {
                for (var c = 0; c < groupIn; c++)
                {
                    var xPlane = (n * x.C) + (o / groupOut * groupIn) + c;
                    foreach (var run in PlaneRuns(xPlane, (o * groupIn) + c, (n * y.C) + o, x, y))
                        yield return run;
                }
            }
        }
    }

    /// <summary>The runs of one plane of x, one plane of the weight and one plane of y, each given by its number.</summary>
    private IEnumerable<Run> PlaneRuns(int xPlane, int wPlane, int yPlane, Shape x, Shape y)
    {
        foreach (var (tap, (kd, kh, kw)) in Window.EachTap().Index())
        {
            var (first, end) = Window.Width.Inside(kw, x.W, y.W);
            for (var row = 0; row < y.D * y.H; row++)
            {
                var (xd, xh) = (Window.Depth.Input(row / y.H, kd), Window.Height.Input(row % y.H, kh));
                if ((uint)xd >= (uint)x.D || (uint)xh >= (uint)x.H || first >= end)
                    continue;
                var xRow = ((((xPlane * x.D) + xd) * x.H) + xh) * x.W;
                var yRow = ((yPlane * y.D * y.H) + row) * y.W;
                yield return new Run(
                    xRow + Window.Width.Input(first, kw), Window.Width.Stride, (wPlane * Window.Taps) + tap, yRow + first, end - first);
            }
        }
    }

    /// <summary>The products x[X + i·XStep]·w[W], which belong to y[Y + i], for i = 0…Count−1.</summary>
    internal readonly record struct Run(int X, int XStep, int W, int Y, int Count);

    internal static string Describe(Window window, int groups, Shape x, int filters)
    {
        var text = $"{window.Describe(x.Rank - 1)}, {filters} {(filters == 1 ? "filter" : "filters")}, {x.C} input {(x.C == 1 ? "channel" : "channels")}";
        return groups == 1 ? text : $"{text}, {groups} groups";
    }
}

/// <summary>
/// dL/dw of a convolution: dw[o, c, t] = Σ dy[o, p] · x[c, p·stride − padding + t·dilation] over all samples and places.
/// Inputs: x and dy. It is linear in both, and its adjoints are a transposed convolution and a convolution.
/// </summary>
[Op("ConvWeightGradient")]
public sealed record ConvWeightGradientOp : Op
{
    /// <summary>How the filters moved over the input.</summary>
    public required Window Window { get; init; }

    /// <summary>The number of groups.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The shape of the weight.</summary>
    public required Shape Shape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        inputs.Expect(1, new TensorType(Window.Infer(inputs, inputs[0].Shape, Shape.C), true), "output gradient");
        return new TensorType(Shape, Batched: false);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (x, dY, weight) = (context.Input(0), context.Input(1), context.OutputGradient);
        if (context.Needs(0))
            context.Add(0, context.New(new ConvTransposeOp { Window = Window, Groups = Groups, OutputShape = x.Shape }, dY, weight));
        if (context.Needs(1))
            context.Add(1, context.New(new ConvOp { Window = Window, Groups = Groups }, x, weight));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var dY = call.Input(1);
        var dW = call.Output;
        dW.Clear();
        var forward = new ConvOp { Window = Window, Groups = Groups };
        foreach (var run in forward.Runs(call.Batch, call.InputTypes[0].Shape, call.InputTypes[1].Shape))
            for (var i = 0; i < run.Count; i++)
                dW[run.W] += x[run.X + (i * run.XStep)] * dY[run.Y + i];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => ConvOp.Describe(Window, Groups, inputs[0].Shape, Shape.C);

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)inputs[1].Shape.Length * (output.Length / output.C);
}

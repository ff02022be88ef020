using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The largest of each group of neighbouring channels (Goodfellow et al. 2013, Maxout networks, section 2); of equal ones the
/// first counts. Input: C×…; output: C/pieces×… .
/// </summary>
[Op("Maxout")]
public sealed record MaxoutOp : Op
{
    /// <summary>The channels of a group.</summary>
    public required int Pieces { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        var channels = inputs[0].Shape.C;
        if (Pieces < 1 || channels % Pieces != 0)
            throw inputs.Error($"groups of {Pieces} do not divide {channels} channels");
        return inputs[0] with { Shape = inputs[0].Shape.WithChannels(channels / Pieces) };
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new MaxoutGradientOp { Pieces = Pieces }, context.Input(0), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        for (var i = 0; i < y.Length; i++)
            y[i] = x[Largest(x, i, call.OutputType.Shape.Plane, Pieces)];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{Pieces} pieces";

    /// <summary>The index of the largest element of the group of one output.</summary>
    internal static int Largest<T>(ReadOnlySpan<T> x, int output, int plane, int pieces) where T : System.Numerics.INumber<T>
    {
        var first = (output / plane * pieces * plane) + (output % plane);
        var best = first;
        for (var piece = 1; piece < pieces; piece++)
        {
            if (x[first + (piece * plane)] > x[best])
                best = first + (piece * plane);
        }

        return best;
    }
}

/// <summary>dL/dx of a maxout: each output's gradient goes to the largest of its group. Inputs: x and dy.</summary>
[Op("MaxoutGradient")]
public sealed record MaxoutGradientOp : Op
{
    /// <summary>The channels of a group.</summary>
    public required int Pieces { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, inputs[0] with { Shape = inputs[0].Shape.WithChannels(inputs[0].Shape.C / Pieces) }, "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var dY = call.Input(1);
        call.Output.Clear();
        for (var i = 0; i < dY.Length; i++)
            call.Output[MaxoutOp.Largest(x, i, call.OutputType.Shape.Plane, Pieces)] = dY[i];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{Pieces} pieces";
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The switches of max pooling (Zeiler &amp; Fergus 2014, Visualizing and understanding convolutional networks, section 2.1): for each window
/// the place of its largest value in the plane, 0…D·H·W−1 in scanning order, chosen as <see cref="MaxPoolOp"/> chooses it. Whole numbers
/// that do not change with x, so that no gradient flows through them.
/// </summary>
[Op("MaxPoolSwitches")]
public sealed record MaxPoolSwitchesOp : PoolOp
{
    // A float holds every whole number up to here.
    private const int LargestPlane = 1 << 24;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        var y = base.Infer(inputs);
        if (inputs[0].Shape.Plane > LargestPlane)
            throw inputs.Error($"a plane may have at most {LargestPlane} elements, not {inputs[0].Shape.Plane}");
        return y;
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y, shape) = (call.Input(0).ToArray(), new T[call.Output.Length], call.InputTypes[0].Shape);
        PoolWindows.ForEach(Window, call.Batch, shape, call.OutputType.Shape,
            (output, inputs) => y[output] = T.CreateChecked(MaxPoolOp.Largest<T>(x, inputs) % shape.Plane));
        y.CopyTo(call.Output);
    }
}

/// <summary>
/// Undoes max pooling: each value goes to the place in its plane that its switch says, and all other places are 0. Values with the same
/// switch, as overlapping windows may have, are added up, so that this is the transpose of choosing the largest; PyTorch leaves that case open.
/// Inputs: x (C and one to three spatial axes) and switches of the same shape. Output: C and the spatial axes of <see cref="Shape"/>.
/// </summary>
[Op("MaxUnpool")]
public sealed record MaxUnpoolOp : Op
{
    /// <summary>The shape of the output.</summary>
    public required Shape Shape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        inputs.Expect(1, inputs[0], "switches");
        if (inputs[0].Shape.Rank is < 2 or > 4)
            throw inputs.Error("it takes channels and one to three spatial axes, such as C×H×W");
        if (Shape.Rank != inputs[0].Shape.Rank || Shape.C != inputs[0].Shape.C)
            throw inputs.Error($"the output of {Shape} must have as many axes and channels");
        return new TensorType(Shape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        if (context.Needs(0))
            context.Add(0, context.New(new MaxUnpoolGradientOp(), context.OutputGradient, context.Input(1)));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        call.Output.Clear();
        for (var i = 0; i < call.Input(0).Length; i++)
        {
            var plane = i / call.InputTypes[0].Shape.Plane;
            call.Output[(plane * Shape.Plane) + int.CreateChecked(call.Input(1)[i])] += call.Input(0)[i];
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"to {Shape}";
}

/// <summary>dL/dx of max unpooling: the gradient at the place of each value. Inputs: dy and the switches.</summary>
[Op("MaxUnpoolGradient")]
public sealed record MaxUnpoolGradientOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        inputs.ExpectBatched(1);
        if (inputs[0].Shape.Rank != inputs[1].Shape.Rank || inputs[0].Shape.C != inputs[1].Shape.C)
            throw inputs.Error("the output gradient and the switches must have as many axes and channels");
        return inputs[1];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        for (var i = 0; i < call.Output.Length; i++)
        {
            var plane = i / call.OutputType.Shape.Plane;
            call.Output[i] = call.Input(0)[(plane * call.InputTypes[0].Shape.Plane) + int.CreateChecked(call.Input(1)[i])];
        }
    }
}

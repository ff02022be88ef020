using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// x for positive x, slope·x otherwise, with a trained slope for each channel (He et al. 2015, equation 1). Inputs: x (C×…) and
/// the slopes (C).
/// </summary>
[Op("PRelu")]
public sealed record PReluOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        inputs.Expect(1, new TensorType([inputs[0].Shape.C], false), "slopes");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (x, dY) = (context.Input(0), context.OutputGradient);
        if (context.Needs(0))
            context.Add(0, context.New(new PReluGradientOp(), x, context.Input(1), dY));
        if (context.Needs(1))
        {
            // dL/dslope = Σ dy·min(x, 0).
            var below = context.New(new SubtractOp(), x, context.New(new ReluOp(), x));
            context.Add(1, context.New(new ChannelSumOp(), context.New(new MultiplyOp(), dY, below)));
        }
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var shape = call.OutputType.Shape;
        for (var i = 0; i < y.Length; i++)
            y[i] = x[i] > T.Zero ? x[i] : call.Input(1)[i / shape.Plane % shape.C] * x[i];
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input == 0;
}

/// <summary>dL/dx of a PReLU: dy for positive x, slope·dy otherwise. Inputs: x, the slopes and dy.</summary>
[Op("PReluGradient")]
public sealed record PReluGradientOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(3);
        inputs.Expect(2, inputs[0], "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var dX = call.Output;
        var shape = call.OutputType.Shape;
        for (var i = 0; i < dX.Length; i++)
            dX[i] = x[i] > T.Zero ? call.Input(2)[i] : call.Input(1)[i / shape.Plane % shape.C] * call.Input(2)[i];
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input is 0 or 2;
}

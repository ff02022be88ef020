using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// e^x / Σ e^x over the channels, at each place by itself (Bridle 1990); the largest x is subtracted first so that nothing
/// overflows.
/// </summary>
[Op("Softmax")]
public sealed record SoftmaxOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new SoftmaxGradientOp(), context.Node, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var shape = call.OutputType.Shape;
        for (var place = 0; place < call.Batch * shape.Plane; place++)
        {
            var channels = new Channels(shape, place);
            var (max, sum) = channels.SumOfExponentials(x);
            for (var c = 0; c < shape.C; c++)
                y[channels[c]] = T.Exp(x[channels[c]] - max) / sum;
        }
    }
}

/// <summary>dL/dx = y·(dy − Σ dy·y) of a softmax. Inputs: y and dy.</summary>
[Op("SoftmaxGradient")]
public sealed record SoftmaxGradientOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, inputs[0], "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var y = call.Input(0);
        var dY = call.Input(1);
        var dX = call.Output;
        var shape = call.OutputType.Shape;
        for (var place = 0; place < call.Batch * shape.Plane; place++)
        {
            var channels = new Channels(shape, place);
            var dot = T.Zero;
            for (var c = 0; c < shape.C; c++)
                dot += dY[channels[c]] * y[channels[c]];
            for (var c = 0; c < shape.C; c++)
                dX[channels[c]] = y[channels[c]] * (dY[channels[c]] - dot);
        }
    }
}

/// <summary>x − log Σ e^x over the channels, at each place by itself: the logarithm of <see cref="SoftmaxOp"/> without its rounding.</summary>
[Op("LogSoftmax")]
public sealed record LogSoftmaxOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new LogSoftmaxGradientOp(), context.Node, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var shape = call.OutputType.Shape;
        for (var place = 0; place < call.Batch * shape.Plane; place++)
        {
            var channels = new Channels(shape, place);
            var (max, sum) = channels.SumOfExponentials(x);
            for (var c = 0; c < shape.C; c++)
                y[channels[c]] = x[channels[c]] - max - T.Log(sum);
        }
    }
}

/// <summary>dL/dx = dy − e^y·Σ dy of a log-softmax. Inputs: y and dy.</summary>
[Op("LogSoftmaxGradient")]
public sealed record LogSoftmaxGradientOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, inputs[0], "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var y = call.Input(0);
        var dY = call.Input(1);
        var dX = call.Output;
        var shape = call.OutputType.Shape;
        for (var place = 0; place < call.Batch * shape.Plane; place++)
        {
            var channels = new Channels(shape, place);
            var sum = T.Zero;
            for (var c = 0; c < shape.C; c++)
                sum += dY[channels[c]];
            for (var c = 0; c < shape.C; c++)
                dX[channels[c]] = dY[channels[c]] - (T.Exp(y[channels[c]]) * sum);
        }
    }
}

/// <summary>
/// −log p[target] at each place, p = softmax(x): the cross-entropy between the predicted distribution and the right class
/// (Goodfellow, Bengio &amp; Courville, Deep Learning, section 6.2.2.3). Inputs: the logits x (C×…), the class indices
/// (1×…), which are whole numbers 0…C−1, and p, which the gradient needs too. Output: the losses (1×…).
/// </summary>
/// <remarks>The right class's p may have become 0, so the loss is max x − x[target] − log max p: the largest p is 1/C at least.</remarks>
[Op("SoftmaxCrossEntropy")]
public sealed record SoftmaxCrossEntropyOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(3);
        inputs.ExpectBatched(0);
        inputs.Expect(1, new TensorType(inputs[0].Shape.WithChannels(1), true), "class indices");
        inputs.Expect(2, inputs[0], "softmax of the logits");
        return inputs[1];
    }

    /// <summary>All of it goes to the logits, which the softmax follows from.</summary>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new SoftmaxCrossEntropyGradientOp(), context.Input(2), context.Input(1), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var target = call.Input(1);
        var loss = call.Output;
        var shape = call.InputTypes[0].Shape;
        for (var place = 0; place < loss.Length; place++)
        {
            var channels = new Channels(shape, place);
            loss[place] = channels.Largest(x) - x[channels[int.CreateChecked(target[place])]] - T.Log(channels.Largest(call.Input(2)));
        }
    }
}

/// <summary>
/// dL/dx = (p − onehot(target))·dloss of the softmax cross-entropy. Inputs: p, the softmax of the logits, the class indices and
/// the gradient of the losses.
/// </summary>
[Op("SoftmaxCrossEntropyGradient")]
public sealed record SoftmaxCrossEntropyGradientOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(3);
        inputs.Expect(2, inputs[1], "loss gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input == 0;

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var p = call.Input(0);
        var target = call.Input(1);
        var dLoss = call.Input(2);
        var dX = call.Output;
        var shape = call.OutputType.Shape;
        for (var place = 0; place < target.Length; place++)
        {
            var channels = new Channels(shape, place);
            for (var c = 0; c < shape.C; c++)
                dX[channels[c]] = (p[channels[c]] - (c == int.CreateChecked(target[place]) ? T.One : T.Zero)) * dLoss[place];
        }
    }
}

/// <summary>1 where the largest logit is that of the right class, else 0. Inputs: the logits (C×…) and the class indices (1×…).</summary>
[Op("CorrectPredictions")]
public sealed record CorrectPredictionsOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        inputs.Expect(1, new TensorType(inputs[0].Shape.WithChannels(1), true), "class indices");
        return inputs[1];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var target = call.Input(1);
        var correct = call.Output;
        var shape = call.InputTypes[0].Shape;
        for (var place = 0; place < correct.Length; place++)
        {
            var channels = new Channels(shape, place);
            var best = 0;
            for (var c = 1; c < shape.C; c++)
            {
                if (x[channels[c]] > x[channels[best]])
                    best = c;
            }

            correct[place] = best == int.CreateChecked(target[place]) ? T.One : T.Zero;
        }
    }
}

/// <summary>The flat indices of all channels at one place, counted over all samples.</summary>
internal readonly struct Channels(Shape shape, int place)
{
    private readonly int _plane = shape.Plane;
    private readonly int _count = shape.C;
    private readonly int _start = (place / shape.Plane * shape.Length) + (place % shape.Plane);

    public int this[int channel] => _start + (channel * _plane);

    /// <summary>The largest x.</summary>
    public T Largest<T>(ReadOnlySpan<T> x) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var max = x[this[0]];
        for (var c = 1; c < _count; c++)
            max = T.Max(max, x[this[c]]);
        return max;
    }

    /// <summary>The largest x, and Σ e^(x − largest), which does not overflow.</summary>
    public (T Max, T Sum) SumOfExponentials<T>(ReadOnlySpan<T> x) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var max = Largest(x);
        var sum = T.Zero;
        for (var c = 0; c < _count; c++)
            sum += T.Exp(x[this[c]] - max);
        return (max, sum);
    }
}

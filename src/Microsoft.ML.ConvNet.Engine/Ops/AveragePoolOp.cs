using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>The mean under each window. What a last window reaches past the padding in ceil mode never counts, as in PyTorch.</summary>
[Op("AveragePool")]
public sealed record AveragePoolOp : PoolOp
{
    /// <summary>Whether padding counts as zeros, or not at all.</summary>
    public bool CountPadding { get; init; } = true;

    /// <summary>Along one axis, what one window's share of the sum is divided by.</summary>
    public int Divisor(WindowAxis axis, int output, int input)
    {
        var (low, end) = CountPadding ? (-axis.Before, input + axis.After) : (0, input);
        return Enumerable.Range(0, axis.Size).Count(tap => axis.Input(output, tap) >= low && axis.Input(output, tap) < end);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(
            new AveragePoolGradientOp { Forward = this, InputShape = context.Input(0).Shape }, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y) = (call.Input(0).ToArray(), new T[call.Output.Length]);
        var (xShape, yShape) = (call.InputTypes[0].Shape, call.OutputType.Shape);
        PoolWindows.ForEach(Window, call.Batch, xShape, yShape, (output, inputs) =>
        {
            foreach (var i in inputs)
                y[output] += x[i];
            y[output] /= T.CreateChecked(Divisor(output, xShape, yShape));
        });
        y.CopyTo(call.Output);
    }

    internal int Divisor(int output, Shape x, Shape y)
    {
        var (d, h, w) = PoolWindows.Place(output, y);
        return Divisor(Window.Depth, d, x.D) * Divisor(Window.Height, h, x.H) * Divisor(Window.Width, w, x.W);
    }
}

/// <summary>dL/dx of average pooling: each output's gradient is shared out evenly. Input: dy.</summary>
[Op("AveragePoolGradient")]
public sealed record AveragePoolGradientOp : Op
{
    /// <summary>The pooling.</summary>
    public required AveragePoolOp Forward { get; init; }

    /// <summary>The shape of the input, which the stride leaves open.</summary>
    public required Shape InputShape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.Expect(0, new TensorType(Forward.Pool(inputs, InputShape), true), "output gradient");
        return new TensorType(InputShape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (dY, dX, yShape) = (call.Input(0).ToArray(), new T[call.Output.Length], call.InputTypes[0].Shape);
        PoolWindows.ForEach(Forward.Window, call.Batch, InputShape, yShape, (output, inputs) =>
        {
            var share = dY[output] / T.CreateChecked(Forward.Divisor(output, InputShape, yShape));
            foreach (var i in inputs)
                dX[i] += share;
        });
        dX.CopyTo(call.Output);
    }
}

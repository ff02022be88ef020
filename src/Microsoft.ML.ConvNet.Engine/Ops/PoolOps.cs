using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>What max and average pooling share: a window over each channel by itself.</summary>
public abstract record PoolOp : Op, IWindowed
{
    /// <summary>How the window moves.</summary>
    public required Window Window { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        var y = Window.Infer(inputs, inputs[0].Shape, inputs[0].Shape.C);
        CheckPadding(inputs, Window.Depth);
        CheckPadding(inputs, Window.Height);
        CheckPadding(inputs, Window.Width);
        return new TensorType(y, Batched: true);
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"window {Window.Describe(inputs[0].Shape.Rank - 1)}";

    // A window that lies in the padding alone has no maximum and no average.
    private static void CheckPadding(OpInputs inputs, WindowAxis axis)
    {
        if (axis.Before >= axis.Extent || axis.After >= axis.Extent)
            throw inputs.Error($"padding {axis.Before}+{axis.After} must be smaller than the window of {axis.Extent}");
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
            var (plane, place) = (output / y.Plane, output % y.Plane);
            var (d, h, w) = (place / (y.H * y.W), place / y.W % y.H, place % y.W);
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
}

/// <summary>
/// The largest value under each window; padding never wins. Of equal values the first in scanning order counts as the
/// largest, and NaN is larger than any number, as in PyTorch.
/// </summary>
[Op("MaxPool")]
public sealed record MaxPoolOp : PoolOp
{
    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new MaxPoolGradientOp { Window = Window }, context.Input(0), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y) = (call.Input(0).ToArray(), call.Output.ToArray());
        PoolWindows.ForEach(Window, call.Batch, call.InputTypes[0].Shape, call.OutputType.Shape,
            (output, inputs) => y[output] = x[Largest<T>(x, inputs)]);
        y.CopyTo(call.Output);
    }

    internal static int Largest<T>(ReadOnlySpan<T> x, ReadOnlySpan<int> indices) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        var best = indices[0];
        foreach (var i in indices)
        {
            if (x[i] > x[best] || (T.IsNaN(x[i]) && !T.IsNaN(x[best])))
                best = i;
        }

        return best;
    }
}

/// <summary>
/// dL/dx of max pooling: each output's gradient goes to the input that was the largest. Inputs: x and dy.
/// </summary>
[Op("MaxPoolGradient")]
public sealed record MaxPoolGradientOp : Op
{
    /// <summary>How the window moved.</summary>
    public required Window Window { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, new TensorType(Window.Infer(inputs, inputs[0].Shape, inputs[0].Shape.C), true), "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, dY, dX) = (call.Input(0).ToArray(), call.Input(1).ToArray(), new T[call.Output.Length]);
        PoolWindows.ForEach(Window, call.Batch, call.OutputType.Shape, call.InputTypes[1].Shape,
            (output, inputs) => dX[MaxPoolOp.Largest<T>(x, inputs)] += dY[output]);
        dX.CopyTo(call.Output);
    }
}

/// <summary>The mean under each window.</summary>
[Op("AveragePool")]
public sealed record AveragePoolOp : PoolOp
{
    /// <summary>Whether padding counts as zeros, or not at all.</summary>
    public bool CountPadding { get; init; } = true;

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(
            new AveragePoolGradientOp { Window = Window, CountPadding = CountPadding, InputShape = context.Input(0).Shape },
            context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y) = (call.Input(0).ToArray(), new T[call.Output.Length]);
        PoolWindows.ForEach(Window, call.Batch, call.InputTypes[0].Shape, call.OutputType.Shape, (output, inputs) =>
        {
            foreach (var i in inputs)
                y[output] += x[i];
            y[output] /= T.CreateChecked(CountPadding ? Window.Taps : inputs.Length);
        });
        y.CopyTo(call.Output);
    }
}

/// <summary>dL/dx of average pooling: each output's gradient is shared out evenly. Input: dy.</summary>
[Op("AveragePoolGradient")]
public sealed record AveragePoolGradientOp : Op
{
    /// <summary>How the window moved.</summary>
    public required Window Window { get; init; }

    /// <summary>Whether padding counted as zeros, or not at all.</summary>
    public bool CountPadding { get; init; } = true;

    /// <summary>The shape of the input, which the stride leaves open.</summary>
    public required Shape InputShape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.Expect(0, new TensorType(Window.Infer(inputs, InputShape, InputShape.C), true), "output gradient");
        return new TensorType(InputShape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (dY, dX) = (call.Input(0).ToArray(), new T[call.Output.Length]);
        PoolWindows.ForEach(Window, call.Batch, InputShape, call.InputTypes[0].Shape, (output, inputs) =>
        {
            var share = dY[output] / T.CreateChecked(CountPadding ? Window.Taps : inputs.Length);
            foreach (var i in inputs)
                dX[i] += share;
        });
        dX.CopyTo(call.Output);
    }
}

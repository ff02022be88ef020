using System.Numerics;
using System.Text.Json.Serialization;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The largest value under each window; padding never wins. Of equal values the first in scanning order counts as the
/// largest, and NaN is larger than any number, and than a NaN before it, as in PyTorch.
/// </summary>
[Op("MaxPool")]
public sealed record MaxPoolOp : PoolOp
{
    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new MaxPoolGradientOp { Forward = this }, context.Input(0), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y) = (call.Input(0).ToArray(), call.Output.ToArray());
        PoolWindows.ForEach(Window, call.Batch, call.InputTypes[0].Shape, call.OutputType.Shape,
            (output, inputs) => y[output] = x[Largest<T>(x, inputs)]);
        y.CopyTo(call.Output);
    }

    internal static int Largest<T>(ReadOnlySpan<T> x, ReadOnlySpan<int> indices) where T : IFloatingPointIeee754<T>
    {
        var best = indices[0];
        foreach (var i in indices)
        {
            if (x[i] > x[best] || T.IsNaN(x[i]))
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
    /// <summary>The pooling.</summary>
    public required MaxPoolOp Forward { get; init; }

    /// <summary>Whether x is the output of a ReLU and dL/dx is wanted before it, so that it is zero where x is: a plan has fused both gradients.</summary>
    [JsonIgnore]
    public bool Relu { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, new TensorType(Forward.Pool(inputs, inputs[0].Shape), true), "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, dY, dX) = (call.Input(0).ToArray(), call.Input(1).ToArray(), new T[call.Output.Length]);
        PoolWindows.ForEach(Forward.Window, call.Batch, call.OutputType.Shape, call.InputTypes[1].Shape,
            (output, inputs) => dX[MaxPoolOp.Largest<T>(x, inputs)] += dY[output]);
        for (var i = 0; i < dX.Length; i++)
            call.Output[i] = Relu && x[i] <= T.Zero ? T.Zero : dX[i];
    }
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The sum of each channel over all samples and places: the gradient of a bias. Input: C×… with a batch; output: C.
/// </summary>
[Op("ChannelSum")]
public sealed record ChannelSumOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        return new TensorType([inputs[0].Shape.C], Batched: false);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var sums = call.Output;
        var shape = call.InputTypes[0].Shape;
        sums.Clear();
        for (var i = 0; i < x.Length; i++)
            sums[i / shape.Plane % shape.C] += x[i];
    }
}

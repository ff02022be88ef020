using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// A row of a table for each index, such as a vector for each word (Bengio et al. 2003, section 2). Inputs: the indices (T), whole numbers
/// 0…V−1, and the table (V×D). Output: T×D.
/// </summary>
[Op("Embedding")]
public sealed record EmbeddingOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        if (inputs[0].Shape.Rank != 1 || inputs[1].Batched || inputs[1].Shape.Rank != 2)
            throw inputs.Error($"it takes a vector of indices and a table of rows, not {inputs[0]} and {inputs[1]}");
        return new TensorType([inputs[0].Shape[0], inputs[1].Shape[1]], Batched: true);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        if (context.Needs(1))
            context.Add(1, context.New(new EmbeddingGradientOp { Shape = context.Input(1).Shape }, context.Input(0), context.OutputGradient));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var width = call.OutputType.Shape[1];
        for (var i = 0; i < call.Input(0).Length; i++)
            call.Input(1).Slice(int.CreateChecked(call.Input(0)[i]) * width, width).CopyTo(call.Output[(i * width)..]);
    }
}

/// <summary>dL/dtable of an embedding: each output's gradient is added to the row it came from. Inputs: the indices and dy.</summary>
[Op("EmbeddingGradient")]
public sealed record EmbeddingGradientOp : Op
{
    /// <summary>The shape of the table.</summary>
    public required Shape Shape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, new TensorType([inputs[0].Shape[0], Shape[1]], true), "output gradient");
        return new TensorType(Shape, Batched: false);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var width = Shape[1];
        call.Output.Clear();
        for (var i = 0; i < call.Input(1).Length; i++)
            call.Output[(int.CreateChecked(call.Input(0)[i / width]) * width) + (i % width)] += call.Input(1)[i];
    }
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Sums or averages a tensor down to a smaller one: over every axis that is 1 in the target, over everything for a
/// single number, and over the samples when the target has no batch. The adjoint of <see cref="BroadcastOp"/>.
/// </summary>
[Op("Reduce")]
public sealed record ReduceOp : Op
{
    /// <summary>The shape to reduce to.</summary>
    public required Shape Shape { get; init; }

    /// <summary>Whether the result still has one tensor for each sample.</summary>
    public required bool Batched { get; init; }

    /// <summary>Whether to divide by the number of elements summed.</summary>
    public bool Mean { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        var target = new TensorType(Shape, Batched);
        if (!Broadcasting.Fits(target, inputs[0]))
            throw inputs.Error($"it cannot be reduced to {target}");
        return target;
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (shape, batched) = context.Input(0).Type;
        context.Add(0, context.New(new BroadcastOp { Shape = shape, Batched = batched, Mean = Mean }, context.OutputGradient));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var source = call.InputTypes[0];
        var map = Broadcasting.Map(Shape, source.Shape);
        y.Clear();
        for (var i = 0; i < x.Length; i++)
            y[(Batched ? i / map.Length * Shape.Length : 0) + map[i % map.Length]] += x[i];
        if (Mean)
        {
            var count = T.CreateChecked(x.Length / y.Length);
            foreach (ref var value in y)
                value /= count;
        }
    }
}

/// <summary>
/// Repeats a tensor to fill a larger one (<see cref="Broadcasting"/>); <see cref="Mean"/> divides by the number of
/// copies. The adjoint of <see cref="ReduceOp"/>.
/// </summary>
[Op("Broadcast")]
public sealed record BroadcastOp : Op
{
    /// <summary>The shape to fill.</summary>
    public required Shape Shape { get; init; }

    /// <summary>Whether the result has one tensor for each sample.</summary>
    public required bool Batched { get; init; }

    /// <summary>Whether to divide by the number of copies.</summary>
    public bool Mean { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        var target = new TensorType(Shape, Batched);
        if (!Broadcasting.Fits(inputs[0], target))
            throw inputs.Error($"it cannot be repeated to {target}");
        return target;
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (shape, batched) = context.Input(0).Type;
        context.Add(0, context.New(new ReduceOp { Shape = shape, Batched = batched, Mean = Mean }, context.OutputGradient));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var source = call.InputTypes[0];
        var map = Broadcasting.Map(source.Shape, Shape);
        var scale = Mean ? T.CreateChecked(x.Length) / T.CreateChecked(y.Length) : T.One;
        for (var i = 0; i < y.Length; i++)
            y[i] = x[(source.Batched ? i / map.Length * source.Shape.Length : 0) + map[i % map.Length]] * scale;
    }
}

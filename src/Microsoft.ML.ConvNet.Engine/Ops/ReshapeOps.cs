using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>The same elements under another shape; takes no time.</summary>
[Op("Reshape")]
public sealed record ReshapeOp : Op
{
    /// <summary>The new shape of one sample.</summary>
    public required Shape Shape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        if (inputs[0].Shape.Length != Shape.Length)
            throw inputs.Error($"{Shape} has {Shape.Length} elements, not {inputs[0].Shape.Length}");
        return inputs[0] with { Shape = Shape };
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new ReshapeOp { Shape = context.Input(0).Shape }, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call) => call.Input(0).CopyTo(call.Output);

    /// <inheritdoc/>
    public override bool IsView => true;
}

/// <summary>The same elements in memory of their own.</summary>
[Op("Copy")]
public sealed record CopyOp : Op
{
    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context) => context.Add(0, context.OutputGradient);

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call) => call.Input(0).CopyTo(call.Output);
}

/// <summary>Tensors side by side along one axis; all other extents are equal.</summary>
[Op("Concat")]
public sealed record ConcatOp : Op
{
    /// <summary>The axis of the sample's shape: 0 for channels.</summary>
    public int Axis { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1, int.MaxValue);
        var first = inputs[0];
        if (Axis < 0 || Axis >= first.Shape.Rank)
            throw inputs.Error($"there is no axis {Axis}");
        var extents = first.Shape.AsSpan().ToArray();
        for (var input = 1; input < inputs.Count; input++)
        {
            extents[Axis] = inputs[input].Shape.Rank == extents.Length ? inputs[input].Shape[Axis] : 1;
            if (inputs[input] != first with { Shape = new Shape(extents) })
                throw inputs.Error($"all extents but that of axis {Axis} must be equal");
        }

        extents[Axis] = Enumerable.Range(0, inputs.Count).Sum(i => inputs[i].Shape[Axis]);
        return first with { Shape = new Shape(extents) };
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var start = 0;
        for (var input = 0; input < context.Node.Inputs.Count; input++)
        {
            var length = context.Input(input).Shape[Axis];
            if (context.Needs(input))
                context.Add(input, context.New(new SliceOp { Axis = Axis, Start = start, Length = length }, context.OutputGradient));
            start += length;
        }
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var start = 0;
        for (var input = 0; input < call.InputTypes.Count; input++)
        {
            AxisCopy.Run(call.Input(input), call.InputTypes[input].Shape, 0, call.Output, call.OutputType.Shape, start, Axis, call.InputTypes[input].Shape[Axis]);
            start += call.InputTypes[input].Shape[Axis];
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"axis {Axis}";
}

/// <summary>A range of one axis. The adjoint of <see cref="PadOp"/>.</summary>
[Op("Slice")]
public sealed record SliceOp : Op
{
    /// <summary>The axis of the sample's shape: 0 for channels.</summary>
    public required int Axis { get; init; }

    /// <summary>The first index.</summary>
    public required int Start { get; init; }

    /// <summary>The number of indices.</summary>
    public required int Length { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        var shape = inputs[0].Shape;
        if (Axis < 0 || Axis >= shape.Rank)
            throw inputs.Error($"there is no axis {Axis}");
        if (Start < 0 || Length < 1 || Start > shape[Axis] - Length)
            throw inputs.Error($"axis {Axis} has the indices 0…{shape[Axis] - 1}, not {Start}…{Start + Length - 1}");
        var extents = shape.AsSpan().ToArray();
        extents[Axis] = Length;
        return inputs[0] with { Shape = new Shape(extents) };
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(
            new PadOp { Axis = Axis, Before = Start, After = context.Input(0).Shape[Axis] - Start - Length }, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
        => AxisCopy.Run(call.Input(0), call.InputTypes[0].Shape, Start, call.Output, call.OutputType.Shape, 0, Axis, Length);

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"axis {Axis}, {Start}…{Start + Length - 1}";
}

/// <summary>Copies a range of one axis from one tensor into another; all other extents are equal.</summary>
public static class AxisCopy
{
    /// <summary>Copies <paramref name="length"/> indices of <paramref name="axis"/>, for as many samples as the source has.</summary>
    public static void Run<T>(
        ReadOnlySpan<T> source, Shape sourceShape, int sourceStart, Span<T> target, Shape targetShape, int targetStart, int axis, int length)
    {
        var inner = 1;
        for (var i = axis + 1; i < sourceShape.Rank; i++)
            inner *= sourceShape[i];
        var (sourceStride, targetStride) = (inner * sourceShape[axis], inner * targetShape[axis]);
        for (var outer = 0; outer < source.Length / sourceStride; outer++)
        {
            source.Slice((outer * sourceStride) + (sourceStart * inner), length * inner)
                .CopyTo(target[((outer * targetStride) + (targetStart * inner))..]);
        }
    }
}

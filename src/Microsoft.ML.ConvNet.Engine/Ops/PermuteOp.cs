using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>The same elements with the axes of a sample in another order: axis i of the output is axis Axes[i] of the input.</summary>
[Op("Permute")]
public sealed record PermuteOp : Op
{
    /// <summary>The order, as a comma-separated list of axes; a string, so that equal orders are equal ops.</summary>
    public required string Order { get; init; }

    /// <summary>An op for an order.</summary>
    public static PermuteOp Of(params ReadOnlySpan<int> axes) => new() { Order = string.Join(',', axes.ToArray()) };

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        var shape = inputs[0].Shape;
        var axes = Axes;
        if (!axes.Order().SequenceEqual(Enumerable.Range(0, shape.Rank)))
            throw inputs.Error($"{string.Join(", ", axes)} is not an order of the axes 0…{shape.Rank - 1}");
        return inputs[0] with { Shape = new Shape([.. axes.Select(a => shape[a])]) };
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var inverse = new int[Axes.Length];
        foreach (var (to, from) in Axes.Index())
            inverse[from] = to;
        context.Add(0, context.New(Of(inverse), context.OutputGradient));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var source = Sources(call.InputTypes[0].Shape);
        for (var i = 0; i < call.Output.Length; i++)
            call.Output[i] = call.Input(0)[(i / source.Length * source.Length) + source[i % source.Length]];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => string.Join(", ", Axes);

    /// <summary>For each element of the output the element of the input that it is.</summary>
    public int[] Sources(Shape input)
    {
        var axes = Axes;
        var strides = new int[axes.Length];
        for (var (axis, stride) = (axes.Length - 1, 1); axis >= 0; stride *= input[axis--])
            strides[axis] = stride;
        var sources = new int[input.Length];
        for (var i = 0; i < sources.Length; i++)
        {
            var rest = i;
            for (var axis = axes.Length - 1; axis >= 0; axis--)
            {
                var extent = input[axes[axis]];
                sources[i] += rest % extent * strides[axes[axis]];
                rest /= extent;
            }
        }

        return sources;
    }

    private int[] Axes
        => [.. Order.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(a => int.TryParse(a, out var axis) ? axis : -1)];
}

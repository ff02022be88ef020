using System.Text.Json.Serialization;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>What stands outside an image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PaddingMode>))]
public enum PaddingMode
{
    /// <summary>Zeros: 0 0 | a b c | 0 0.</summary>
    Zeros,

    /// <summary>The outermost element again and again: a a | a b c | c c.</summary>
    Replicate,

    /// <summary>The image mirrored at its outermost element, which is not repeated: c b | a b c | b a.</summary>
    Reflect,

    /// <summary>The image again, as if it were bent round to a ring: b c | a b c | a b.</summary>
    Circular,
}

/// <summary>
/// Elements before and after along one axis: zeros, or copies of elements of the axis. With zeros the adjoint of
/// <see cref="SliceOp"/>.
/// </summary>
[Op("Pad")]
public sealed record PadOp : Op
{
    /// <summary>The axis of the sample's shape: 0 for channels.</summary>
    public required int Axis { get; init; }

    /// <summary>The number of elements before.</summary>
    public required int Before { get; init; }

    /// <summary>The number of elements after.</summary>
    public required int After { get; init; }

    /// <summary>What the elements are.</summary>
    public PaddingMode Mode { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        if (Axis < 0 || Axis >= inputs[0].Shape.Rank)
            throw inputs.Error($"there is no axis {Axis}");
        Check(inputs, inputs[0].Shape[Axis]);
        var extents = inputs[0].Shape.AsSpan().ToArray();
        extents[Axis] += Before + After;
        return inputs[0] with { Shape = new Shape(extents) };
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var length = context.Input(0).Shape[Axis];
        context.Add(0, context.New(
            Mode == PaddingMode.Zeros
                ? new SliceOp { Axis = Axis, Start = Before, Length = length }
                : new PadGradientOp { Axis = Axis, Before = Before, After = After, Mode = Mode },
            context.OutputGradient));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var shape = call.OutputType.Shape;
        var length = call.InputTypes[0].Shape[Axis];
        var inner = Inner(shape, Axis);
        for (var i = 0; i < y.Length; i++)
        {
            var (outer, index) = (i / inner / shape[Axis], i / inner % shape[Axis]);
            var source = Source(index, length);
            y[i] = source < 0 ? T.Zero : x[(((outer * length) + source) * inner) + (i % inner)];
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => Describe(Axis, Before, After, Mode);

    /// <summary>The element of an axis of <paramref name="length"/> elements that stands at <paramref name="index"/> of the padded axis; −1 for zero.</summary>
    public int Source(int index, int length) => Source(index - Before, length, Mode);

    internal static int Source(int place, int length, PaddingMode mode) => mode switch
    {
        _ when (uint)place < (uint)length => place,
        PaddingMode.Replicate => Math.Clamp(place, 0, length - 1),
        PaddingMode.Reflect => place < 0 ? -place : (2 * (length - 1)) - place,
        PaddingMode.Circular => place < 0 ? place + length : place - length,
        _ => -1,
    };

    internal static string Describe(int axis, int before, int after, PaddingMode mode)
        => $"axis {axis}, {before}+{after}{(mode == PaddingMode.Zeros ? "" : $" {mode.ToString().ToLowerInvariant()}")}";

    /// <summary>The elements of all axes after <paramref name="padded"/>.</summary>
    internal static int Inner(Shape shape, int padded)
    {
        var inner = 1;
        for (var axis = padded + 1; axis < shape.Rank; axis++)
            inner *= shape[axis];
        return inner;
    }

    private void Check(OpInputs inputs, int length)
    {
        if (Before < 0 || After < 0)
            throw inputs.Error($"padding must not be negative; it is {Before} and {After}");
        if ((long)Before + length + After > int.MaxValue)
            throw inputs.Error($"{Before} + {length} + {After} is more than an axis can hold");
        if (!Enum.IsDefined(Mode))
            throw inputs.Error($"there is no padding mode {Mode}");
        var most = Math.Max(Before, After);
        if (Mode == PaddingMode.Reflect && most >= length)
            throw inputs.Error($"a reflection has at most {length} − 1 = {length - 1} elements, not {most}");
        if (Mode == PaddingMode.Circular && most > length)
            throw inputs.Error($"a ring of {length} elements gives at most {length}, not {most}");
    }
}

/// <summary>
/// dL/dx of padding: each element's gradient is the sum of those of its copies. Input: dy. The adjoint of <see cref="PadOp"/>.
/// </summary>
[Op("PadGradient")]
public sealed record PadGradientOp : Op
{
    /// <summary>The axis of the sample's shape: 0 for channels.</summary>
    public required int Axis { get; init; }

    /// <summary>The number of elements before.</summary>
    public required int Before { get; init; }

    /// <summary>The number of elements after.</summary>
    public required int After { get; init; }

    /// <summary>What the elements are.</summary>
    public PaddingMode Mode { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        var shape = inputs[0].Shape;
        if (Axis < 0 || Axis >= shape.Rank)
            throw inputs.Error($"there is no axis {Axis}");
        if (Before < 0 || After < 0 || (long)Before + After >= shape[Axis])
            throw inputs.Error($"axis {Axis} has {shape[Axis]} elements, which cannot hold {Before} before and {After} after");
        var extents = shape.AsSpan().ToArray();
        extents[Axis] -= Before + After;
        var x = inputs[0] with { Shape = new Shape(extents) };
        if (Mode is PaddingMode.Reflect or PaddingMode.Circular && Math.Max(Before, After) > extents[Axis] - (Mode == PaddingMode.Reflect ? 1 : 0))
            throw inputs.Error($"{extents[Axis]} elements cannot be padded by {Before} and {After}");
        return x;
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new PadOp { Axis = Axis, Before = Before, After = After, Mode = Mode }, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var dY = call.Input(0);
        var dX = call.Output;
        var shape = call.InputTypes[0].Shape;
        var length = call.OutputType.Shape[Axis];
        var inner = PadOp.Inner(shape, Axis);
        dX.Clear();
        for (var i = 0; i < dY.Length; i++)
        {
            var (outer, index) = (i / inner / shape[Axis], i / inner % shape[Axis]);
            if (PadOp.Source(index - Before, length, Mode) is var source and >= 0)
                dX[(((outer * length) + source) * inner) + (i % inner)] += dY[i];
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => PadOp.Describe(Axis, Before, After, Mode);
}

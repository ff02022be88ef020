using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>1 at the channel that a class index names and 0 elsewhere; nothing where it names none. Input: 1×…; output: C×… .</summary>
[Op("OneHot")]
public sealed record OneHotOp : Op
{
    /// <summary>C.</summary>
    public required int Classes { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        if (inputs[0].Shape.C != 1 || Classes < 1)
            throw inputs.Error($"it takes one index at each place and at least 1 class, not {Classes}");
        return inputs[0] with { Shape = inputs[0].Shape.WithChannels(Classes) };
    }

    /// <summary>The function is flat, so nothing is added.</summary>
    public override void Gradient(GradientContext context) { }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var shape = call.OutputType.Shape;
        for (var i = 0; i < call.Output.Length; i++)
        {
            var index = call.Input(0)[(i / shape.Length * shape.Plane) + (i % shape.Plane)];
            call.Output[i] = index == T.CreateChecked(i / shape.Plane % shape.C) ? T.One : T.Zero;
        }
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{Classes} classes";
}

/// <summary>Given numbers, the same for each sample: class weights, a fixed filter.</summary>
[Op("Constant")]
public sealed record ConstantOp : Op
{
    /// <summary>The shape.</summary>
    public required Shape Shape { get; init; }

    /// <summary>The numbers, in the order of the axes.</summary>
    public required IReadOnlyList<float> Values { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
        => Values.Count == Shape.Length
            ? new TensorType(Shape, Batched: false)
            : throw inputs.Error($"{Shape} takes {Shape.Length} numbers, not {Values.Count}");

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        for (var i = 0; i < Values.Count; i++)
            call.Output[i] = T.CreateChecked(Values[i]);
    }
}

/// <summary>x^e for x ≥ 0 and a constant e.</summary>
[Op("Power")]
public sealed record PowerOp : UnaryOp
{
    /// <summary>e.</summary>
    public required float Exponent { get; init; }

    /// <inheritdoc/>
    public override bool DerivativeOfOutput => false;

    /// <inheritdoc/>
    public override T Apply<T>(T x) => T.Pow(x, T.CreateChecked(Exponent));

    /// <inheritdoc/>
    public override T Derivative<T>(T value) => T.CreateChecked(Exponent) * T.Pow(value, T.CreateChecked(Exponent) - T.One);

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => FormattableString.Invariant($"exponent {Exponent}");
}

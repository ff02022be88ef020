using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Sets each element to zero with a probability and scales the others up, so that the mean stays (Srivastava et al. 2014,
/// in the inverted form). In inference it does nothing. The mask is not stored: a counter-based generator
/// gives it again in the backward pass, where the same op is applied to the gradient.
/// </summary>
[Op("Dropout")]
public sealed record DropoutOp : Op
{
    /// <summary>The probability of zero, at least 0 and below 1.</summary>
    public required float Rate { get; init; }

    /// <summary>
    /// Whether whole channels are dropped rather than single elements: spatial dropout (Tompson et al. 2015, section 3.2).
    /// </summary>
    public bool WholeChannels { get; init; }

    /// <summary>Tells the dropouts of one network apart.</summary>
    public required int Salt { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        if (!(Rate >= 0 && Rate < 1))
            throw inputs.Error($"the rate must be at least 0 and below 1; it is {Rate}");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context) => context.Add(0, context.New(this, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        var key = CounterRandom.Key(call.State.Seed, Salt, call.State.Step);
        var scale = T.CreateChecked(Scale);
        var unit = Unit(call.OutputType.Shape);
        for (var i = 0; i < y.Length; i++)
            y[i] = CounterRandom.Bits(key, (uint)(i / unit)) < Threshold ? T.Zero : x[i] * scale;
    }

    /// <inheritdoc/>
    public override Node? Lower(LoweringContext context) => context.Mode == Mode.Inference || Rate == 0 ? context.Input(0) : null;

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => true;

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => FormattableString.Invariant($"rate {Rate}{(WholeChannels ? ", whole channels" : "")}");

    /// <summary>The neighbouring elements that are dropped together.</summary>
    public int Unit(Shape shape) => WholeChannels ? shape.Plane : 1;

    /// <summary>An element becomes zero when its random bits are below this.</summary>
    public uint Threshold => (uint)(Rate * 4294967296.0);

    /// <summary>What the other elements are multiplied by.</summary>
    public float Scale => 1 / (1 - Rate);
}

using System.Numerics;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// A function of one number, applied to each element. A new activation derives from this class and gives the function
/// and its derivative.
/// </summary>
public abstract record UnaryOp : Op
{
    /// <summary>f(x).</summary>
    public abstract T Apply<T>(T x) where T : IFloatingPointIeee754<T>;

    /// <summary>
    /// f′(x). Where it follows from y = f(x) alone, <see cref="DerivativeOfOutput"/> says so and
    /// <paramref name="value"/> is y; the plan can then drop x.
    /// </summary>
    public abstract T Derivative<T>(T value) where T : IFloatingPointIeee754<T>;

    /// <summary>Whether <see cref="Derivative"/> takes y instead of x.</summary>
    public virtual bool DerivativeOfOutput => true;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(
            new UnaryGradientOp { Function = this }, DerivativeOfOutput ? context.Node : context.Input(0), context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var y = call.Output;
        for (var i = 0; i < y.Length; i++)
            y[i] = Apply(x[i]);
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => true;
}

/// <summary>
/// dL/dx = f′ · dy of a function of one number. Inputs: y = f(x), or x where the derivative needs it, and dy.
/// </summary>
[Op("UnaryGradient")]
public sealed record UnaryGradientOp : Op
{
    /// <summary>The function f.</summary>
    public required UnaryOp Function { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(1, inputs[0], "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var value = call.Input(0);
        var dY = call.Input(1);
        var dX = call.Output;
        for (var i = 0; i < dX.Length; i++)
            dX[i] = Function.Derivative(value[i]) * dY[i];
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => true;

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => Function.Name;
}

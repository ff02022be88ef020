using System.Globalization;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The p-norm of each window, y = (Σ|x|^p)^(1/p) (Sermanet, Chintala &amp; LeCun 2012, Convolutional neural networks applied to house
/// numbers digit classification, equation 2, without weights): L2 pooling for p = 2, the sum of magnitudes for p = 1.
/// </summary>
[Op("LpPool")]
public sealed record LpPoolOp : PoolOp
{
    /// <summary>p: at least 1.</summary>
    public float Power { get; init; } = 2;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        var y = base.Infer(inputs);
        if (!float.IsFinite(Power) || Power < 1)
            throw inputs.Error($"the power must be finite and at least 1; it is {Power.ToString(CultureInfo.InvariantCulture)}");
        return y;
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
        => context.Add(0, context.New(new LpPoolGradientOp { Forward = this }, context.Input(0), context.Node, context.OutputGradient));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y, p) = (call.Input(0).ToArray(), new T[call.Output.Length], T.CreateChecked(Power));
        PoolWindows.ForEach(Window, call.Batch, call.InputTypes[0].Shape, call.OutputType.Shape, (output, inputs) =>
        {
            foreach (var i in inputs)
                y[output] += T.Pow(T.Abs(x[i]), p);
            y[output] = T.Pow(y[output], T.One / p);
        });
        y.CopyTo(call.Output);
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => $"{base.Describe(inputs)}, power {Power.ToString(CultureInfo.InvariantCulture)}";
}

/// <summary>
/// dL/dx of Lp pooling: dx = sign(x)·|x|^(p−1)·Σ dy/y^(p−1) over the windows around x. A window of zeros gives no gradient, as in
/// PyTorch. Inputs: x, y and dy.
/// </summary>
[Op("LpPoolGradient")]
public sealed record LpPoolGradientOp : Op
{
    /// <summary>The pooling.</summary>
    public required LpPoolOp Forward { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(3);
        var y = new TensorType(Forward.Pool(inputs, inputs[0].Shape), true);
        inputs.Expect(1, y, "output");
        inputs.Expect(2, y, "output gradient");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var (x, y, dY, dX) = (call.Input(0).ToArray(), call.Input(1).ToArray(), call.Input(2).ToArray(), new T[call.Output.Length]);
        var power = T.CreateChecked(Forward.Power) - T.One;
        PoolWindows.ForEach(Forward.Window, call.Batch, call.OutputType.Shape, call.InputTypes[1].Shape, (output, inputs) =>
        {
            foreach (var i in inputs)
            {
                if (y[output] != T.Zero && x[i] != T.Zero)
                    dX[i] += dY[output] * T.CopySign(T.Pow(T.Abs(x[i]) / y[output], power), x[i]);
            }
        });
        dX.CopyTo(call.Output);
    }
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// One step of an optimizer over all parameters at once. Inputs: the parameters, their gradients, and as many moments as
/// the optimizer keeps, all of one shape. It writes to the parameters and moments in place: the one kind of op that does;
/// its output is the parameters.
/// </summary>
public abstract record OptimizerOp : Op
{
    /// <summary>The number of moments: tensors like the parameters that the optimizer keeps from step to step, zero at first.</summary>
    public abstract int Moments { get; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2 + Moments);
        for (var input = 1; input < inputs.Count; input++)
            inputs.Expect(input, inputs[0], "gradients and moments");
        return inputs[0];
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => input == 0;
}

/// <summary>
/// Stochastic gradient descent with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013), in PyTorch's form:
/// g ← g + decay·w; v ← μ·v + g; w ← w − rate·(v, or g + μ·v with Nesterov).
/// </summary>
[Op("Sgd")]
public sealed record SgdOp : OptimizerOp
{
    /// <summary>μ.</summary>
    public float Momentum { get; init; }

    /// <summary>Whether to use Nesterov's momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>The weight decay (L2).</summary>
    public float WeightDecay { get; init; }

    /// <inheritdoc/>
    public override int Moments => Momentum == 0 ? 0 : 1;

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var w = call.Mutable(0);
        var dW = call.Input(1);
        var velocity = Moments == 0 ? default : call.Mutable(2);
        var (rate, momentum, decay) = (T.CreateChecked(call.State.LearningRate), T.CreateChecked(Momentum), T.CreateChecked(WeightDecay));
        for (var i = 0; i < w.Length; i++)
        {
            var step = dW[i] + (decay * w[i]);
            if (Moments > 0)
            {
                velocity[i] = (momentum * velocity[i]) + step;
                step = Nesterov ? step + (momentum * velocity[i]) : velocity[i];
            }

            w[i] -= rate * step;
        }

        w.CopyTo(call.Output);
    }
}

/// <summary>
/// Adam (Kingma &amp; Ba 2015, algorithm 1) with L2 weight decay, or AdamW with the decay apart from the gradient
/// (Loshchilov &amp; Hutter 2019, algorithm 2), in PyTorch's form.
/// </summary>
[Op("Adam")]
public sealed record AdamOp : OptimizerOp
{
    /// <summary>The decay of the mean of gradients.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>The decay of the mean of squared gradients.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Added to the root of the mean of squares.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>The weight decay.</summary>
    public float WeightDecay { get; init; }

    /// <summary>Whether the decay is taken off the weights themselves (AdamW) rather than added to the gradients.</summary>
    public bool Decoupled { get; init; }

    /// <inheritdoc/>
    public override int Moments => 2;

    /// <summary>1 − β₁ᵗ and 1 − β₂ᵗ for the step with <paramref name="step"/> steps before it.</summary>
    public (double First, double Second) BiasCorrections(long step)
        => (1 - Math.Pow(Beta1, step + 1), 1 - Math.Pow(Beta2, step + 1));

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var w = call.Mutable(0);
        var dW = call.Input(1);
        var mean = call.Mutable(2);
        var square = call.Mutable(3);
        var (first, second) = BiasCorrections(call.State.Step);
        var (beta1, beta2, epsilon) = (T.CreateChecked(Beta1), T.CreateChecked(Beta2), T.CreateChecked(Epsilon));
        var (rate, decay) = (T.CreateChecked(call.State.LearningRate), T.CreateChecked(WeightDecay));
        for (var i = 0; i < w.Length; i++)
        {
            var gradient = dW[i];
            if (Decoupled)
                w[i] -= rate * decay * w[i];
            else
                gradient += decay * w[i];
            mean[i] += (T.One - beta1) * (gradient - mean[i]);
            square[i] = (beta2 * square[i]) + ((T.One - beta2) * gradient * gradient);
            w[i] -= rate / T.CreateChecked(first) * mean[i] / ((T.Sqrt(square[i]) / T.CreateChecked(Math.Sqrt(second))) + epsilon);
        }

        w.CopyTo(call.Output);
    }
}

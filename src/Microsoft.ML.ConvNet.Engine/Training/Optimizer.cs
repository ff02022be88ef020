using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>How gradients change the parameters.</summary>
public static class Optimizer
{
    /// <summary>Stochastic gradient descent, by default with momentum 0.9.</summary>
    /// <param name="momentum">The momentum, 0 for none.</param>
    /// <param name="nesterov">Whether to use Nesterov's momentum (Sutskever et al. 2013).</param>
    /// <param name="weightDecay">The weight decay (L2).</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static OptimizerOp Sgd(float momentum = 0.9f, bool nesterov = false, float weightDecay = 0)
    {
        Require(momentum is >= 0 and < 1, nameof(momentum), momentum, "at least 0 and below 1");
        Require(weightDecay >= 0, nameof(weightDecay), weightDecay, "at least 0");
        Require(!nesterov || momentum > 0, nameof(momentum), momentum, "above 0 with Nesterov's momentum");
        return new SgdOp { Momentum = momentum, Nesterov = nesterov, WeightDecay = weightDecay };
    }

    /// <summary>Adam (Kingma &amp; Ba 2015) with L2 weight decay.</summary>
    /// <param name="beta1">The decay of the mean of gradients.</param>
    /// <param name="beta2">The decay of the mean of squared gradients.</param>
    /// <param name="epsilon">Added to the root of the mean of squares.</param>
    /// <param name="weightDecay">The weight decay, added to the gradients.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static OptimizerOp Adam(float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f, float weightDecay = 0)
        => Adam(beta1, beta2, epsilon, weightDecay, decoupled: false);

    /// <summary>AdamW: Adam with the weight decay apart from the gradients (Loshchilov &amp; Hutter 2019).</summary>
    /// <param name="beta1">The decay of the mean of gradients.</param>
    /// <param name="beta2">The decay of the mean of squared gradients.</param>
    /// <param name="epsilon">Added to the root of the mean of squares.</param>
    /// <param name="weightDecay">The weight decay, taken off the weights.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static OptimizerOp AdamW(float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f, float weightDecay = 0.01f)
        => Adam(beta1, beta2, epsilon, weightDecay, decoupled: true);

    private static AdamOp Adam(float beta1, float beta2, float epsilon, float weightDecay, bool decoupled)
    {
        Require(beta1 is >= 0 and < 1, nameof(beta1), beta1, "at least 0 and below 1");
        Require(beta2 is >= 0 and < 1, nameof(beta2), beta2, "at least 0 and below 1");
        Require(epsilon > 0, nameof(epsilon), epsilon, "above 0");
        Require(weightDecay >= 0, nameof(weightDecay), weightDecay, "at least 0");
        return new AdamOp { Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon, WeightDecay = weightDecay, Decoupled = decoupled };
    }

    private static void Require(bool condition, string name, float value, string range)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }
}

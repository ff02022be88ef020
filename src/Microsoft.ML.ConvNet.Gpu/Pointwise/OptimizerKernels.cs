using ILGPU;
using ILGPU.Algorithms;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Optimizer steps. Idea: all parameters are one slab, so that a step is one launch, one thread a parameter, in place.</summary>
public static class OptimizerKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, SgdStep> _sgd = Sgd;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, SgdStep> _momentum = Momentum;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, AdamStep> _adam = Adam;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var copy = MoveKernels.CopyOf(kernels);
        switch (signature.Op)
        {
            case SgdOp { Moments: 0 } op:
                var sgd = kernels.Each(_sgd);
                return Step("SGD", call => sgd(call.Count(), call.Input(0), call.Input(1), StepOf(op, call)));

            case SgdOp op:
                var momentum = kernels.Each(_momentum);
                return Step("SGD with momentum", call => momentum(call.Count(), call.Input(0), call.Input(1), call.Input(2), StepOf(op, call)));

            case AdamOp op:
                var adam = kernels.Each(_adam);
                return Step("Adam", call => adam(call.Count(), call.Input(0), call.Input(1), call.Input(2), call.Input(3), StepOf(op, call)));

            default:
                return null;
        }

        Kernel Step(string name, Action<KernelCall> update) => kernels.Step(name, call =>
        {
            update(call);
            if (!call.Overwrites(0))
                copy(call);
        });
    }

    /// <summary>w ← w − rate·(g + decay·w).</summary>
    public static void Sgd(Index1D i, ArrayView<float> w, ArrayView<float> g, SgdStep step) => w[i] -= step.Rate * (g[i] + (step.Decay * w[i]));

    /// <summary>v ← μ·v + g + decay·w; w ← w − rate·v, or with Nesterov's momentum w − rate·(g + decay·w + μ·v).</summary>
    public static void Momentum(Index1D i, ArrayView<float> w, ArrayView<float> g, ArrayView<float> v, SgdStep step)
    {
        var gradient = g[i] + (step.Decay * w[i]);
        var velocity = (step.Momentum * v[i]) + gradient;
        v[i] = velocity;
        w[i] -= step.Rate * (step.Nesterov != 0 ? gradient + (step.Momentum * velocity) : velocity);
    }

    /// <summary>m ← β₁·m + (1 − β₁)·g; s ← β₂·s + (1 − β₂)·g²; w ← keep·w − rate·m/(√s·inverseRoot + ε).</summary>
    public static void Adam(Index1D i, ArrayView<float> w, ArrayView<float> g, ArrayView<float> mean, ArrayView<float> square, AdamStep step)
    {
        var gradient = g[i] + (step.GradientDecay * w[i]);
        var m = mean[i] + ((1f - step.Beta1) * (gradient - mean[i]));
        var s = (step.Beta2 * square[i]) + ((1f - step.Beta2) * gradient * gradient);
        mean[i] = m;
        square[i] = s;
        w[i] = (step.Keep * w[i]) - (step.Rate * m / ((XMath.Sqrt(s) * step.InverseRoot) + step.Epsilon));
    }

    private static SgdStep StepOf(SgdOp op, KernelCall call)
        => new() { Rate = call.State.LearningRate, Momentum = op.Momentum, Decay = op.WeightDecay, Nesterov = op.Nesterov ? 1 : 0 };

    private static AdamStep StepOf(AdamOp op, KernelCall call)
    {
        var (first, second) = op.BiasCorrections(call.State.Step);
        var rate = call.State.LearningRate;
        return new AdamStep
        {
            Rate = (float)(rate / first),
            Beta1 = op.Beta1,
            Beta2 = op.Beta2,
            Epsilon = op.Epsilon,
            InverseRoot = (float)(1 / Math.Sqrt(second)),
            GradientDecay = op.Decoupled ? 0 : op.WeightDecay,
            Keep = op.Decoupled ? 1 - (rate * op.WeightDecay) : 1,
        };
    }
}

/// <summary>The numbers of one step of gradient descent.</summary>
public struct SgdStep
{
    /// <summary>The learning rate, μ and the weight decay.</summary>
    public float Rate, Momentum, Decay;

    /// <summary>Whether the momentum is Nesterov's: 1 or 0.</summary>
    public int Nesterov;
}

/// <summary>The numbers of one step of Adam.</summary>
public struct AdamStep
{
    /// <summary>The learning rate over 1 − β₁ᵗ, β₁, β₂, ε, and 1/√(1 − β₂ᵗ).</summary>
    public float Rate, Beta1, Beta2, Epsilon, InverseRoot;

    /// <summary>The weight decay that gradients get, and what is left of weights that decay apart from it.</summary>
    public float GradientDecay, Keep;
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Optimizer steps over a slab of parameters, with PyTorch's semantics. Idea: one pass that reads each parameter, its
/// gradient and its moments once. Layout: flat slabs. Lanes: parameters. Win: the memory's speed, and no dispatch a tensor.
/// </summary>
internal static unsafe class Optimizers
{
    /// <summary>p −= rate·(g + decay·p).</summary>
    public static void Sgd(WorkerPool pool, float* parameters, float* gradients, nint count, float rate, float weightDecay) =>
        VectorLoop.Run(pool, count, new SgdBody(parameters, gradients, rate, weightDecay));

    /// <summary>v = momentum·v + g + decay·p; p −= rate·v. Velocities start at zero.</summary>
    public static void SgdMomentum(
        WorkerPool pool, float* parameters, float* gradients, float* velocities, nint count, float rate, float momentum, float weightDecay) =>
        VectorLoop.Run(pool, count, new MomentumBody(parameters, gradients, velocities, rate, momentum, weightDecay));

    /// <summary>g += decay·p; v = momentum·v + g; p −= rate·(g + momentum·v). Velocities start at zero.</summary>
    public static void SgdNesterov(
        WorkerPool pool, float* parameters, float* gradients, float* velocities, nint count, float rate, float momentum, float weightDecay) =>
        VectorLoop.Run(pool, count, new NesterovBody(parameters, gradients, velocities, rate, momentum, weightDecay));

    /// <summary>Adam, with weight decay added to the gradient.</summary>
    public static void Adam(
        WorkerPool pool, float* parameters, float* gradients, float* first, float* second, nint count, AdamStep step) =>
        VectorLoop.Run(pool, count, new AdamBody(parameters, gradients, first, second, step, gradientDecay: step.WeightDecay, keep: 1f));

    /// <summary>AdamW: weights decay by rate·decay, apart from the gradient.</summary>
    public static void AdamW(
        WorkerPool pool, float* parameters, float* gradients, float* first, float* second, nint count, AdamStep step) =>
        VectorLoop.Run(
            pool, count, new AdamBody(parameters, gradients, first, second, step, gradientDecay: 0f, keep: 1f - (step.Rate * step.WeightDecay)));

    private readonly struct SgdBody(float* p, float* g, float rate, float decay) : ILoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var parameter = lanes.Load(p + i);
            var gradient = S.MultiplyAdd(S.Create(decay), parameter, lanes.Load(g + i));
            lanes.Store(S.MultiplyAdd(S.Create(-rate), gradient, parameter), p + i);
        }
    }

    private readonly struct MomentumBody(float* p, float* g, float* v, float rate, float momentum, float decay) : ILoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var parameter = lanes.Load(p + i);
            var gradient = S.MultiplyAdd(S.Create(decay), parameter, lanes.Load(g + i));
            var velocity = S.MultiplyAdd(S.Create(momentum), lanes.Load(v + i), gradient);
            lanes.Store(velocity, v + i);
            lanes.Store(S.MultiplyAdd(S.Create(-rate), velocity, parameter), p + i);
        }
    }

    private readonly struct NesterovBody(float* p, float* g, float* v, float rate, float momentum, float decay) : ILoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var parameter = lanes.Load(p + i);
            var gradient = S.MultiplyAdd(S.Create(decay), parameter, lanes.Load(g + i));
            var velocity = S.MultiplyAdd(S.Create(momentum), lanes.Load(v + i), gradient);
            lanes.Store(velocity, v + i);
            var lookAhead = S.MultiplyAdd(S.Create(momentum), velocity, gradient);
            lanes.Store(S.MultiplyAdd(S.Create(-rate), lookAhead, parameter), p + i);
        }
    }

    private readonly struct AdamBody(float* p, float* g, float* first, float* second, AdamStep step, float gradientDecay, float keep) : ILoopBody
    {
        private readonly float _scaledRate = step.Rate / step.FirstCorrection;
        private readonly float _inverseRoot = 1f / MathF.Sqrt(step.SecondCorrection);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var parameter = lanes.Load(p + i);
            var gradient = S.MultiplyAdd(S.Create(gradientDecay), parameter, lanes.Load(g + i));
            var m = S.MultiplyAdd(S.Create(step.Beta1), lanes.Load(first + i), S.Multiply(S.Create(1f - step.Beta1), gradient));
            var squared = S.Multiply(S.Multiply(S.Create(1f - step.Beta2), gradient), gradient);
            var v = S.MultiplyAdd(S.Create(step.Beta2), lanes.Load(second + i), squared);
            lanes.Store(m, first + i);
            lanes.Store(v, second + i);
            var denominator = S.MultiplyAdd(S.Sqrt(v), S.Create(_inverseRoot), S.Create(step.Epsilon));
            var update = S.Divide(S.Multiply(S.Create(-_scaledRate), m), denominator);
            lanes.Store(S.MultiplyAdd(S.Create(keep), parameter, update), p + i);
        }
    }
}

/// <summary>The numbers of one step of Adam. The corrections are 1 − β₁ᵗ and 1 − β₂ᵗ for step t, counted from 1.</summary>
internal readonly record struct AdamStep(
    float Rate, float Beta1, float Beta2, float Epsilon, float WeightDecay, float FirstCorrection, float SecondCorrection);

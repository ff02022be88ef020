using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Optimizers as steps: one pass over the slabs, in place. The output is the parameters.</summary>
internal static unsafe class OptimizerKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool) => signature.Op switch
    {
        SgdOp op => Step("SGD", pool, call =>
        {
            var (count, rate) = (call.Count(), call.State.LearningRate);
            if (op.Moments == 0)
                Optimizers.Sgd(pool, call.Input(0), call.Input(1), count, rate, op.WeightDecay);
            else if (op.Nesterov)
                Optimizers.SgdNesterov(pool, call.Input(0), call.Input(1), call.Input(2), count, rate, op.Momentum, op.WeightDecay);
            else
                Optimizers.SgdMomentum(pool, call.Input(0), call.Input(1), call.Input(2), count, rate, op.Momentum, op.WeightDecay);
        }),
        AdamOp op => Step(op.Decoupled ? "AdamW" : "Adam", pool, call =>
        {
            var (first, second) = op.BiasCorrections(call.State.Step);
            var step = new AdamStep(
                call.State.LearningRate, op.Beta1, op.Beta2, op.Epsilon, op.WeightDecay, (float)first, (float)second);
            if (op.Decoupled)
                Optimizers.AdamW(pool, call.Input(0), call.Input(1), call.Input(2), call.Input(3), call.Count(), step);
            else
                Optimizers.Adam(pool, call.Input(0), call.Input(1), call.Input(2), call.Input(3), call.Count(), step);
        }),
        _ => null,
    };

    private static FunctionKernel Step(string name, WorkerPool pool, Action<KernelCall> update)
        => new(name, call =>
        {
            update(call);
            if (call.Output() != call.Input(0))
                Pointwise.Map(pool, call.Input(0), call.Output(), call.Count(), default(Identity));
        });
}

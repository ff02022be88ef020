using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Activation functions and their gradients as steps.</summary>
internal static unsafe class UnaryKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        return signature.Op switch
        {
            ReluOp => Map(default(Relu)),
            LeakyReluOp op => Map(new LeakyRelu(op.Slope)),
            SigmoidOp => Map(default(Sigmoid)),
            TanhOp => Map(default(Tanh)),
            AffineOp op => Map(new Affine(op.Factor, op.Offset)),
            EluOp op => Map(new Elu(1, op.Alpha)),
            SeluOp => Map(new Elu(SeluOp.Scale, SeluOp.Alpha)),
            GeluOp { Approximate: false } => Map(default(Gelu)),
            GeluOp => Map(default(GeluTanh)),
            SiluOp => Map(default(Silu)),
            SoftplusOp => Map(default(Softplus)),
            HardSigmoidOp => Map(default(HardSigmoid)),
            ExpOp => Map(default(Exp)),
            LogOp => Map(default(Log)),
            SqrtOp => Map(default(Sqrt)),
            AbsOp => Map(default(Abs)),
            PowerOp op => Map(new Power(op.Exponent)),
            ClipOp op => Map(new Clip(op.Minimum, op.Maximum)),
            _ => null,
        };

        FunctionKernel Map<F>(F function)
            where F : struct, IUnaryFunction
            => new("pointwise", call => Pointwise.Map(pool, call.Input(0), call.Output(), call.Count(), function));
    }

    /// <summary>Inputs: y = f(x), or x where the derivative needs it, and dY.</summary>
    public static Kernel? FindGradient(OpSignature signature, WorkerPool pool)
    {
        return ((UnaryGradientOp)signature.Op).Function switch
        {
            ReluOp => Map(default(ReluGradient)),
            LeakyReluOp op => Map(new LeakyReluGradient(op.Slope)),
            SigmoidOp => Map(default(SigmoidGradient)),
            TanhOp => Map(default(TanhGradient)),
            EluOp op => Map(new EluGradient(1, op.Alpha)),
            SeluOp => Map(new EluGradient(SeluOp.Scale, SeluOp.Alpha)),
            GeluOp { Approximate: false } => Map(default(GeluGradient)),
            GeluOp => Map(default(GeluTanhGradient)),
            SiluOp => Map(default(SiluGradient)),
            SoftplusOp => Map(default(SoftplusGradient)),
            HardSigmoidOp => Map(default(HardSigmoidGradient)),
            ExpOp => Map(default(Multiply)),
            LogOp => Map(default(LogGradient)),
            SqrtOp => Map(default(SqrtGradient)),
            AbsOp => Map(default(AbsGradient)),
            PowerOp { Exponent: 1 } => Map(default(SecondOperand)),
            PowerOp op => Map(new PowerGradient(op.Exponent)),
            ClipOp op => Map(new ClipGradient(op.Minimum, op.Maximum)),
            AffineOp op => new FunctionKernel("pointwise", call =>
                Pointwise.Map(pool, call.Input(1), call.Output(), call.Count(), new Scale(op.Factor))),
            _ => null,
        };

        FunctionKernel Map<F>(F function)
            where F : struct, IBinaryFunction
            => new("pointwise", call => Pointwise.Map(pool, call.Input(0), call.Input(1), call.Output(), call.Count(), function));
    }
}

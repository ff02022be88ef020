using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Batch normalisation as steps. Statistics are 2×C: means, then variances.</summary>
internal static unsafe class BatchNormKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var channels = signature.Inputs[0].Shape.C;
        return signature.Op switch
        {
            BatchStatisticsOp => new FunctionKernel("batch statistics", call =>
                BatchNorm.Statistics(pool, call.Input(0), call.Channels(signature.Inputs[0]), call.Output(), call.Output() + channels)),
            RunningStatisticsOp op => new FunctionKernel("running statistics", call => Follow(op, call)),
            BatchNormOp op => Normalize(new NormalizeOp { Epsilon = op.Epsilon }),
            NormalizeOp op => Normalize(op),
            NormalizeParameterGradientOp op => new FunctionKernel("normalize parameter gradient", call =>
                BatchNorm.ParameterGradients(
                    pool, call.Input(0), call.Input(2), call.Channels(signature.Inputs[0]), call.Input(1), call.Input(1) + channels,
                    op.Epsilon, call.Output(), call.Output() + channels, op.Relu ? call.Input(3) : null, op.Relu ? call.Input(4) : null)),
            NormalizeInputGradientOp { OfBatch: true } op => new FunctionKernel("normalize gradient", call =>
                BatchNorm.InputGradient(
                    pool, call.Input(0), call.Input(3), call.Channels(signature.Inputs[0]), call.Input(2), call.Input(2) + channels,
                    call.Input(1), op.Epsilon, call.Input(4), call.Input(4) + channels, call.Output(), op.Relu ? call.Input(5) : null)),
            NormalizeInputGradientOp op => new FunctionKernel("normalize gradient, given statistics", call =>
                BatchNorm.InputGradientOfGivenStatistics(
                    pool, call.Input(0), call.Input(3), call.Channels(signature.Inputs[0]), call.Input(2), call.Input(2) + channels,
                    call.Input(1), op.Epsilon, call.Output(), op.Relu ? call.Input(5) : null)),
            _ => null,
        };

        FunctionKernel Normalize(NormalizeOp op)
            => new("normalize", call => BatchNorm.Normalize(
                pool, call.Input(0), call.Channels(signature.Inputs[0]), call.Input(3), call.Input(3) + channels,
                call.Input(1), call.Input(2), op.Epsilon, call.Output(), op.Adds ? call.Input(4) : null, op.Relu));
    }

    private static void Follow(RunningStatisticsOp op, KernelCall call)
    {
        var (count, unbias) = ((int)call.Count(), (float)op.Unbias(call.Batch));
        float* running = call.Input(0), batch = call.Input(1), result = call.Output();
        for (var i = 0; i < count; i++)
        {
            var value = i < count / 2 ? batch[i] : batch[i] * unbias;
            result[i] = running[i] + (op.Momentum * (value - running[i]));
        }
    }
}

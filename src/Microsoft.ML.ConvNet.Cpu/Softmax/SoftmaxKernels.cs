using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Softmax and cross-entropy over the channels as steps.</summary>
internal static unsafe class SoftmaxKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var type = signature.Inputs[0];
        return signature.Op switch
        {
            SoftmaxOp => new FunctionKernel("softmax", call =>
                Softmax.Forward(pool, call.Input(0), call.Channels(type), call.Output())),
            SoftmaxGradientOp => new FunctionKernel("softmax gradient", call =>
                Softmax.Backward(pool, call.Input(0), call.Input(1), call.Channels(type), call.Output())),
            LogSoftmaxOp => new FunctionKernel("log-softmax", call =>
                LogSoftmax.Forward(pool, call.Input(0), call.Channels(type), call.Output())),
            LogSoftmaxGradientOp => new FunctionKernel("log-softmax gradient", call =>
                LogSoftmax.Backward(pool, call.Input(0), call.Input(1), call.Channels(type), call.Output())),
            SoftmaxCrossEntropyOp => new FunctionKernel("softmax cross-entropy", call =>
                SoftmaxCrossEntropy.Losses(pool, call.Input(0), call.Input(1), call.Input(2), call.Channels(type), call.Output())),
            SoftmaxCrossEntropyGradientOp => new FunctionKernel("softmax cross-entropy gradient", call =>
                SoftmaxCrossEntropy.Gradient(pool, call.Input(0), call.Input(1), call.Input(2), call.Channels(type), call.Output())),
            CorrectPredictionsOp => new FunctionKernel("correct predictions", call => CountCorrect(call, call.Channels(type))),
            _ => null,
        };
    }

    /// <summary>1 where the target's logit is the first of the largest, else 0. A handful of comparisons a sample.</summary>
    private static void CountCorrect(KernelCall call, ChannelShape shape)
    {
        float* targets = call.Input(1), correct = call.Output();
        for (nint place = 0; place < shape.Batch * shape.Inner; place++)
        {
            var logits = call.Input(0) + (place / shape.Inner * shape.Channels * shape.Inner) + (place % shape.Inner);
            nint best = 0;
            for (nint channel = 1; channel < shape.Channels; channel++)
            {
                if (logits[channel * shape.Inner] > logits[best * shape.Inner])
                    best = channel;
            }

            correct[place] = best == (nint)targets[place] ? 1 : 0;
        }
    }
}

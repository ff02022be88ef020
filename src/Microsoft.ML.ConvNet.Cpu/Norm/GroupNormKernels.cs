using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Group, layer and instance normalisation as steps. Idea: the elements of a group lie side by side, so that a batch of n samples in
/// g groups is one sample of n·g channels, and <see cref="BatchNorm"/> does the rest, with scale 1 and shift 0.
/// </summary>
internal static unsafe class GroupNormKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool) => signature.Op switch
    {
        GroupNormalizeOp op => new FunctionKernel(
            "group normalize", call => Forward(pool, call, op.Groups, op.Epsilon), 4L * signature.MaxBatch * op.Groups),
        GroupNormalizeGradientOp op => new FunctionKernel(
            "group normalize gradient", call => Backward(pool, call, op.Groups, op.Epsilon), 5L * signature.MaxBatch * op.Groups),
        _ => null,
    };

    private static void Forward(WorkerPool pool, KernelCall call, int groups, float epsilon)
    {
        var shape = Groups(call, groups);
        var mean = call.Workspace();
        float* variance = mean + shape.Channels, ones = variance + shape.Channels, zeros = ones + shape.Channels;
        new Span<float>(ones, shape.Channels).Fill(1);
        new Span<float>(zeros, shape.Channels).Clear();
        BatchNorm.Statistics(pool, call.Input(0), shape, mean, variance);
        BatchNorm.Normalize(pool, call.Input(0), shape, mean, variance, ones, zeros, epsilon, call.Output());
    }

    private static void Backward(WorkerPool pool, KernelCall call, int groups, float epsilon)
    {
        var shape = Groups(call, groups);
        float* x = call.Input(0), dY = call.Input(1), mean = call.Workspace();
        float* variance = mean + shape.Channels, ones = variance + shape.Channels, products = ones + shape.Channels, sums = products + shape.Channels;
        new Span<float>(ones, shape.Channels).Fill(1);
        BatchNorm.Statistics(pool, x, shape, mean, variance);
        BatchNorm.ParameterGradients(pool, x, dY, shape, mean, variance, epsilon, products, sums);
        BatchNorm.InputGradient(pool, x, dY, shape, mean, variance, ones, epsilon, products, sums, call.Output());
    }

    private static ChannelShape Groups(KernelCall call, int groups)
        => new(1, call.Batch * groups, call.Output.Type.Shape.Length / groups);
}

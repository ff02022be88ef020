using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The kernels for operands in layouts with lanes. Where there is none, <see cref="AssignLayouts"/> brings the operands into the plain layout.
/// </summary>
internal static class LaneKernels
{
    private static readonly Dictionary<Type, Func<OpSignature, WorkerPool, Kernel?>> _kernels = new()
    {
        [typeof(CopyOp)] = Reorder.Find,
        [typeof(PixelsOp)] = Pixels.Find,
        [typeof(ConcatOp)] = LaneMove.Find,
        [typeof(SliceOp)] = LaneMove.Find,
        [typeof(MaxPoolOp)] = LanePool.Find,
        [typeof(MaxPoolGradientOp)] = LanePool.Find,
        [typeof(AveragePoolOp)] = LanePool.Find,
        [typeof(AveragePoolGradientOp)] = LanePool.Find,
        [typeof(ReduceOp)] = LaneReduce.Find,
        [typeof(BroadcastOp)] = LaneReduce.Find,
        [typeof(ChannelSumOp)] = ReduceKernels.FindChannelSum,
        [typeof(AddOp)] = BinaryKernels.Find,
        [typeof(SubtractOp)] = BinaryKernels.Find,
        [typeof(MultiplyOp)] = BinaryKernels.Find,
        [typeof(MaximumOp)] = BinaryKernels.Find,
        [typeof(MinimumOp)] = BinaryKernels.Find,
        [typeof(PReluOp)] = Uniform(ChannelActivationKernels.Find),
        [typeof(PReluGradientOp)] = Uniform(ChannelActivationKernels.Find),
        [typeof(BatchStatisticsOp)] = OfChannels(BatchNormKernels.Find),
        [typeof(NormalizeOp)] = OfChannels(BatchNormKernels.Find),
        [typeof(NormalizeParameterGradientOp)] = OfChannels(BatchNormKernels.Find),
        [typeof(NormalizeInputGradientOp)] = OfChannels(BatchNormKernels.Find),
    };

    public static Kernel? Find(OpSignature signature, WorkerPool pool)
        => _kernels.TryGetValue(signature.Op.GetType(), out var find) ? find(signature, pool)
            : signature.Op is UnaryGradientOp gradient ? IsFinite(gradient.Function) ? Uniform(UnaryKernels.FindGradient)(signature, pool) : null
            : IsFinite(signature.Op) ? Uniform(UnaryKernels.Find)(signature, pool)
            : null;

    /// <summary>Functions that map finite numbers to finite ones: lanes without a sample hold zeros and what becomes of them.</summary>
    private static bool IsFinite(Op op) => op is UnaryOp and not (LogOp or PowerOp or SqrtOp);

    /// <summary>A kernel that goes through memory as it lies, so that only the operands with a batch must all lie alike.</summary>
    private static Func<OpSignature, WorkerPool, Kernel?> Uniform(Func<OpSignature, WorkerPool, Kernel?> find)
        => (signature, pool) =>
        {
            var layouts = signature.Inputs.Append(signature.Output).Where(t => t.Batched).Select(t => t.Layout).Distinct();
            return layouts.Count() == 1 ? find(signature, pool) : null;
        };

    /// <summary>The same, but only where lanes are channels: statistics must not count lanes without a sample.</summary>
    private static Func<OpSignature, WorkerPool, Kernel?> OfChannels(Func<OpSignature, WorkerPool, Kernel?> find)
        => (signature, pool) => signature.Inputs[0].Layout.Kind == LayoutKind.ChannelLanes ? Uniform(find)(signature, pool) : null;
}

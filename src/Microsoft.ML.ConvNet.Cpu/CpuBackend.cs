using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Runs plans on the CPU with SIMD kernels on all cores. The result is the same, bit by bit, for every number of threads.
/// </summary>
public sealed class CpuBackend : IBackend, IDisposable
{
    /// <summary>The kernels of the plain layout: for each op, the function that chooses one by the shapes, or declines.</summary>
    private static readonly Dictionary<Type, Func<OpSignature, WorkerPool, Kernel?>> Kernels = new()
    {
        [typeof(TiledConvOp)] = TiledConv.Find,
        [typeof(TiledConvInputGradientOp)] = TiledConv.Find,
        [typeof(TiledConvWeightGradientOp)] = TiledConv.Find,
        [typeof(MatMulOp)] = MatMulKernel.Find,
        [typeof(MaxPoolOp)] = PoolKernels.Find,
        [typeof(MaxPoolGradientOp)] = PoolKernels.Find,
        [typeof(AveragePoolOp)] = PoolKernels.Find,
        [typeof(AveragePoolGradientOp)] = PoolKernels.Find,
        [typeof(MaxPoolSwitchesOp)] = PoolKernels.Find,
        [typeof(MaxUnpoolOp)] = PoolKernels.Find,
        [typeof(MaxUnpoolGradientOp)] = PoolKernels.Find,
        [typeof(LpPoolOp)] = PoolKernels.Find,
        [typeof(LpPoolGradientOp)] = PoolKernels.Find,
        [typeof(AdaptiveAveragePoolOp)] = PoolKernels.Find,
        [typeof(AdaptiveAveragePoolGradientOp)] = PoolKernels.Find,
        [typeof(ResizeOp)] = PoolKernels.Find,
        [typeof(ResizeGradientOp)] = PoolKernels.Find,
        [typeof(BedOfNailsOp)] = PoolKernels.Find,
        [typeof(BedOfNailsGradientOp)] = PoolKernels.Find,
        [typeof(BatchNormOp)] = BatchNormKernels.Find,
        [typeof(BatchStatisticsOp)] = BatchNormKernels.Find,
        [typeof(RunningStatisticsOp)] = BatchNormKernels.Find,
        [typeof(NormalizeOp)] = BatchNormKernels.Find,
        [typeof(NormalizeParameterGradientOp)] = BatchNormKernels.Find,
        [typeof(NormalizeInputGradientOp)] = BatchNormKernels.Find,
        [typeof(GroupNormalizeOp)] = GroupNormKernels.Find,
        [typeof(GroupNormalizeGradientOp)] = GroupNormKernels.Find,
        [typeof(LocalResponseNormOp)] = LocalResponseNorm.Find,
        [typeof(LocalResponseNormGradientOp)] = LocalResponseNorm.Find,
        [typeof(ReluOp)] = UnaryKernels.Find,
        [typeof(LeakyReluOp)] = UnaryKernels.Find,
        [typeof(SigmoidOp)] = UnaryKernels.Find,
        [typeof(TanhOp)] = UnaryKernels.Find,
        [typeof(AffineOp)] = UnaryKernels.Find,
        [typeof(EluOp)] = UnaryKernels.Find,
        [typeof(SeluOp)] = UnaryKernels.Find,
        [typeof(GeluOp)] = UnaryKernels.Find,
        [typeof(SiluOp)] = UnaryKernels.Find,
        [typeof(SoftplusOp)] = UnaryKernels.Find,
        [typeof(HardSigmoidOp)] = UnaryKernels.Find,
        [typeof(ExpOp)] = UnaryKernels.Find,
        [typeof(LogOp)] = UnaryKernels.Find,
        [typeof(SqrtOp)] = UnaryKernels.Find,
        [typeof(AbsOp)] = UnaryKernels.Find,
        [typeof(PowerOp)] = UnaryKernels.Find,
        [typeof(ClipOp)] = UnaryKernels.Find,
        [typeof(PReluOp)] = ChannelActivationKernels.Find,
        [typeof(PReluGradientOp)] = ChannelActivationKernels.Find,
        [typeof(MaxoutOp)] = ChannelActivationKernels.Find,
        [typeof(MaxoutGradientOp)] = ChannelActivationKernels.Find,
        [typeof(UnaryGradientOp)] = UnaryKernels.FindGradient,
        [typeof(AddOp)] = BinaryKernels.Find,
        [typeof(SubtractOp)] = BinaryKernels.Find,
        [typeof(MultiplyOp)] = BinaryKernels.Find,
        [typeof(DivideOp)] = BinaryKernels.Find,
        [typeof(MaximumOp)] = BinaryKernels.Find,
        [typeof(MinimumOp)] = BinaryKernels.Find,
        [typeof(NotLessOp)] = BinaryKernels.Find,
        [typeof(ReduceOp)] = ReduceKernels.Find,
        [typeof(BroadcastOp)] = ReduceKernels.FindBroadcast,
        [typeof(ChannelSumOp)] = ReduceKernels.FindChannelSum,
        [typeof(FillOp)] = MoveKernels.Find,
        [typeof(CopyOp)] = MoveKernels.Find,
        [typeof(ReshapeOp)] = MoveKernels.Find,
        [typeof(ConcatOp)] = MoveKernels.Find,
        [typeof(SliceOp)] = MoveKernels.Find,
        [typeof(PadOp)] = PadKernels.Find,
        [typeof(PadGradientOp)] = PadKernels.Find,
        [typeof(ConstantOp)] = MoveKernels.Find,
        [typeof(OneHotOp)] = MoveKernels.Find,
        [typeof(PermuteOp)] = MoveKernels.Find,
        [typeof(EmbeddingOp)] = MoveKernels.Find,
        [typeof(EmbeddingGradientOp)] = MoveKernels.Find,
        [typeof(PixelsOp)] = Pixels.Find,
        [typeof(DropoutOp)] = DropoutKernel.Find,
        [typeof(SoftmaxOp)] = SoftmaxKernels.Find,
        [typeof(SoftmaxGradientOp)] = SoftmaxKernels.Find,
        [typeof(LogSoftmaxOp)] = SoftmaxKernels.Find,
        [typeof(LogSoftmaxGradientOp)] = SoftmaxKernels.Find,
        [typeof(SoftmaxCrossEntropyOp)] = SoftmaxKernels.Find,
        [typeof(SoftmaxCrossEntropyGradientOp)] = SoftmaxKernels.Find,
        [typeof(CorrectPredictionsOp)] = SoftmaxKernels.Find,
        [typeof(SgdOp)] = OptimizerKernels.Find,
        [typeof(AdamOp)] = OptimizerKernels.Find,
    };

    private readonly WorkerPool _pool;
    private readonly ConvKernel _convolutions;

    /// <summary>Makes a backend.</summary>
    /// <param name="threads">
    /// The number of threads, or null for all processors with threads that all such backends of the process share.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below one.</exception>
    public CpuBackend(int? threads = null) : this(new CpuOptions { Threads = threads })
    {
    }

    /// <summary>Makes a backend with options.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is below one.</exception>
    public CpuBackend(CpuOptions options)
    {
        _pool = options.Threads is { } count ? new WorkerPool(count) : WorkerPool.Shared;
        _convolutions = new ConvKernel(options, _pool, options.Tune ? new ConvTuning(options.TuningFile, InstructionSet) : null);
        Passes =
        [
            new FoldNormalizations(),
            new FuseConvolutions(),
            new FuseNormalizations(),
            new FuseMaxPoolGradients(),
            new AssignLayouts(this, [Layout.ChannelLanes(VectorWidth.Floats), Layout.BatchLanes(VectorWidth.Floats)]),
        ];
    }

    /// <inheritdoc/>
    public string Name => $"CPU ({InstructionSet}, {_pool.Threads} {(_pool.Threads == 1 ? "thread" : "threads")})";

    /// <inheritdoc/>
    public IReadOnlyList<IPass> Passes { get; }

    /// <inheritdoc/>
    public DeviceBuffer Allocate(long length) => new NativeBuffer(length);

    /// <inheritdoc/>
    public Kernel? Find(OpSignature signature)
        => signature.Op is ConvOp or ConvTransposeOp or ConvWeightGradientOp ? _convolutions.Find(signature)
            : !signature.IsPlain ? LaneKernels.Find(signature, _pool)
            : Kernels.TryGetValue(signature.Op.GetType(), out var find) ? find(signature, _pool) : null;

    /// <inheritdoc/>
    public void Synchronize() { }

    /// <summary>Ends the threads of this backend; the shared ones stay.</summary>
    public void Dispose()
    {
        if (_pool != WorkerPool.Shared)
            _pool.Dispose();
    }

    private static string InstructionSet
        => Vector512.IsHardwareAccelerated ? "AVX-512"
            : Vector256.IsHardwareAccelerated ? Avx2.IsSupported ? "AVX2" : "256-bit"
            : "128-bit";
}

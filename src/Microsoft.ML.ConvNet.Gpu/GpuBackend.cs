using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Runs plans on one GPU, with the same kernels for CUDA and OpenCL. Steps are launched one after the other and waited for at the end of a run. What
/// has no kernel is computed by the engine, which copies to the host and back: right, and slow. The same run gives the same bits again on
/// one device.
/// </summary>
public sealed class GpuBackend : IBackend, IDisposable
{
    /// <summary>For each op, the function that chooses a kernel by the shapes, or declines.</summary>
    private static readonly Dictionary<Type, Func<OpSignature, KernelCache, Kernel?>> Kernels = new()
    {
        [typeof(ConvOp)] = ConvKernel.Find,
        [typeof(ConvTransposeOp)] = ConvKernel.Find,
        [typeof(ConvWeightGradientOp)] = ConvKernel.Find,
        [typeof(TiledConvOp)] = TiledConv.Find,
        [typeof(TiledConvInputGradientOp)] = TiledConv.Find,
        [typeof(TiledConvWeightGradientOp)] = TiledConv.Find,
        [typeof(MatMulOp)] = MatMulKernel.Find,
        [typeof(MaxPoolOp)] = MaxPool.Find,
        [typeof(MaxPoolGradientOp)] = MaxPool.Find,
        [typeof(MaxPoolSwitchesOp)] = MaxPool.Find,
        [typeof(AveragePoolOp)] = AveragePool.Find,
        [typeof(AveragePoolGradientOp)] = AveragePool.Find,
        [typeof(MaxUnpoolOp)] = MaxUnpool.Find,
        [typeof(MaxUnpoolGradientOp)] = MaxUnpool.Find,
        [typeof(LpPoolOp)] = LpPool.Find,
        [typeof(LpPoolGradientOp)] = LpPool.Find,
        [typeof(AdaptiveAveragePoolOp)] = Resample.Find,
        [typeof(AdaptiveAveragePoolGradientOp)] = Resample.Find,
        [typeof(ResizeOp)] = Resample.Find,
        [typeof(ResizeGradientOp)] = Resample.Find,
        [typeof(BedOfNailsOp)] = Resample.Find,
        [typeof(BedOfNailsGradientOp)] = Resample.Find,
        [typeof(BatchStatisticsOp)] = BatchNormKernels.Find,
        [typeof(RunningStatisticsOp)] = BatchNormKernels.Find,
        [typeof(NormalizeParameterGradientOp)] = BatchNormKernels.Find,
        [typeof(BatchNormOp)] = NormalizeKernels.Find,
        [typeof(NormalizeOp)] = NormalizeKernels.Find,
        [typeof(NormalizeInputGradientOp)] = NormalizeKernels.Find,
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
        [typeof(PermuteOp)] = MoveKernels.Find,
        [typeof(ConstantOp)] = MoveKernels.Find,
        [typeof(OneHotOp)] = MoveKernels.Find,
        [typeof(PixelsOp)] = MoveKernels.Find,
        [typeof(PadOp)] = PadKernels.Find,
        [typeof(PadGradientOp)] = PadKernels.Find,
        [typeof(EmbeddingOp)] = EmbeddingKernels.Find,
        [typeof(EmbeddingGradientOp)] = EmbeddingKernels.Find,
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

    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly VendorLibraries _vendor;
    private readonly KernelCache _kernels;

    /// <summary>Makes a backend on a GPU.</summary>
    /// <param name="device">Which; <see cref="ConvNetDevice.Auto"/> is the first that is not a CPU.</param>
    /// <param name="options">How it computes; by default with its vendor's libraries where they are found, in single precision throughout.</param>
    /// <exception cref="ArgumentException">The device is the CPU.</exception>
    /// <exception cref="GpuUnavailableException">There is no such GPU, or its driver is missing or does not work.</exception>
    public GpuBackend(ConvNetDevice device = default, GpuOptions? options = null) : this(device, options, tile: null)
    {
    }

    /// <summary>Makes a backend on a GPU, for tests of tiles.</summary>
    /// <param name="device">Which.</param>
    /// <param name="options">How it computes.</param>
    /// <param name="tile">The tile of all products; null chooses by the extents.</param>
    internal GpuBackend(ConvNetDevice device, GpuOptions? options, Tile? tile) : this(
        device.IsCpu ? throw new ArgumentException("The CPU has a backend of its own.", nameof(device)) : GpuDevice.NewContext(), GpuDevice.Ordered, device.GpuIndex,
        options ?? new GpuOptions(), vendor: null, tile)
    {
    }

    private GpuBackend(Context context, Func<Context, IReadOnlyList<Device>> devicesOf, int? index, GpuOptions options, VendorLibraries? vendor, Tile? tile)
    {
        _context = context;
        try
        {
            var devices = devicesOf(context);
            Device = GpuDevice.Choose([.. devices.Index().Select(d => GpuDevice.Describe(d.Index, d.Item))], index);
            _accelerator = Open(devices[Device.Index], context);
            _vendor = vendor ?? VendorLibraries.Open(_accelerator, options);
            _kernels = new KernelCache(_accelerator, _vendor, options) { Tile = tile };
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>The GPU.</summary>
    public GpuDevice Device { get; }

    /// <summary>The libraries of the GPU's vendor that are used, with their versions, and why others are not.</summary>
    public string Libraries => _vendor.Description;

    /// <summary>Whether there is such a library.</summary>
    internal bool UsesLibraries => _vendor.Any;

    /// <inheritdoc/>
    public string Name => $"GPU ({Device}; {Libraries})";

    /// <inheritdoc/>
    public IReadOnlyList<IPass> Passes { get; } = [new FoldNormalizations(), new FuseConvolutions(), new FuseNormalizations(), new FuseMaxPoolGradients()];

    /// <inheritdoc/>
    public DeviceBuffer Allocate(long length)
    {
        var bytes = length * sizeof(float);
        var need = $"{bytes:N0} bytes are needed on {Device}; a smaller batch needs less.";
        if (bytes > Device.MemoryBytes)
            throw new InsufficientMemoryException(need);
        try
        {
            return new GpuBuffer(_accelerator, length);
        }
        catch (Exception error) when (error is AcceleratorException or OutOfMemoryException)
        {
            throw new InsufficientMemoryException($"{need} The driver said: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public Kernel? Find(OpSignature signature)
        => signature.IsPlain && HasIntIndices(signature) && Kernels.TryGetValue(signature.Op.GetType(), out var find) ? find(signature, _kernels) : null;

    /// <inheritdoc/>
    public void Synchronize()
    {
        _accelerator.Bind();
        _accelerator.DefaultStream.Synchronize();
    }

    /// <summary>Frees the device. All buffers and plans on it are disposed before.</summary>
    public void Dispose()
    {
        _accelerator.Bind();
        _vendor.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <summary>A backend on ILGPU's own accelerator on the CPU, for tests.</summary>
    /// <param name="tile">The tile of all products; null chooses by the extents.</param>
    /// <param name="vendor">What stands for the libraries of a vendor; none by default.</param>
    /// <param name="options">How it computes.</param>
    internal static GpuBackend OnCpu(Tile? tile = null, VendorLibraries? vendor = null, GpuOptions? options = null)
        => new(GpuDevice.NewCpuContext(), context => context.Devices, 0, options ?? new GpuOptions(), vendor, tile);

    /// <summary>Kernels count elements in 32 bits.</summary>
    private static bool HasIntIndices(OpSignature signature)
        => signature.Inputs.Append(signature.Output).All(t => t.Length(signature.MaxBatch) <= int.MaxValue);

    private static Accelerator Open(Device device, Context context)
    {
        try
        {
            var accelerator = device.CreateAccelerator(context);
            PtxBranches.PromiseNothing(context);
            return accelerator;
        }
        catch (Exception error) when (error is AcceleratorException or NotSupportedException)
        {
            throw new GpuUnavailableException($"The GPU '{device.Name}' cannot be used: {error.Message}", error);
        }
    }
}

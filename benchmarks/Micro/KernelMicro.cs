using BenchmarkDotNet.Attributes;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>What benchmarks of one kernel share: a backend of one thread or of all, and the kernel with its operands.</summary>
public abstract class KernelMicro : IDisposable
{
    private CpuBackend? _backend;
    private KernelRun? _run;

    public static IEnumerable<int> ThreadCounts => new[] { 1, Environment.ProcessorCount }.Distinct();

    [ParamsSource(nameof(ThreadCounts))]
    public int Threads { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _backend = new CpuBackend(Threads);
        _run = Bind(_backend);
    }

    [Benchmark]
    public void Run() => _run!.Run();

    [GlobalCleanup]
    public void Dispose()
    {
        _run?.Dispose();
        _backend?.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract KernelRun Bind(CpuBackend backend);
}

/// <summary>A product of an M×K and a K×N matrix.</summary>
public sealed record GemmSize(int M, int N, int K)
{
    public override string ToString() => $"{M}×{N}×{K}";
}

/// <summary>Matrix products: square ones, and those of a convolution and of a dense layer.</summary>
public class GemmMicro : KernelMicro
{
    public static IEnumerable<GemmSize> Sizes => [new(128, 128, 128), new(512, 512, 512), new(64, 1024, 576), new(128, 100, 640)];

    [ParamsSource(nameof(Sizes))]
    public GemmSize Size { get; set; } = new(1, 1, 1);

    private protected override KernelRun Bind(CpuBackend backend)
        => new(backend, new MatMulOp(), 1, new TensorType([Size.M, Size.K], false), new TensorType([Size.K, Size.N], false));
}

/// <summary>The ReLU, which does next to nothing: the speed of memory and of a dispatch.</summary>
public class ReluMicro : KernelMicro
{
    [Params(1_000, 100_000, 10_000_000)]
    public int Elements { get; set; }

    private protected override KernelRun Bind(CpuBackend backend) => new(backend, new ReluOp(), 1, new TensorType([Elements], true));
}

/// <summary>Max pooling with stride 2 of 8×64×56×56: 2×2, and ResNet's 3×3 with padding.</summary>
public class MaxPoolMicro : KernelMicro
{
    [Params(2, 3)]
    public int Kernel { get; set; }

    private protected override KernelRun Bind(CpuBackend backend)
    {
        var axis = new WindowAxis(Kernel, 2, Kernel - 2, Kernel - 2);
        return new KernelRun(backend, new MaxPoolOp { Window = new Window(axis, axis) }, 8, new TensorType([64, 56, 56], true));
    }
}

/// <summary>The softmax of a batch of 128.</summary>
public class SoftmaxMicro : KernelMicro
{
    [Params(10, 1000)]
    public int Classes { get; set; }

    private protected override KernelRun Bind(CpuBackend backend) => new(backend, new SoftmaxOp(), 128, new TensorType([Classes], true));
}

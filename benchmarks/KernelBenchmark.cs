using System.Diagnostics;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>Single kernels, as plans run them: the figures in the heads of the kernels' files.</summary>
internal static class KernelBenchmark
{
    private static readonly (string Name, Op Op, int Batch, TensorType[] Inputs)[] _kernels =
    [
        ("GEMM 512×512×512", new MatMulOp(), 1, [Once(512, 512), Once(512, 512)]),
        ("GEMM 64×1024×576", new MatMulOp(), 1, [Once(64, 576), Once(576, 1024)]),
        ("GEMM 128×100×640", new MatMulOp(), 1, [Once(128, 640), Once(640, 100)]),
        ("softmax 128×10", new SoftmaxOp(), 128, [Each(10)]),
        ("softmax 128×1000", new SoftmaxOp(), 128, [Each(1000)]),
        ("bytes to numbers, 128×1×28×28", new PixelsOp { Shape = [1, 28, 28] }, 128, [Each(196)]),
        ("add, 32×64×32×32", new AddOp(), 32, [Each(64, 32, 32), Each(64, 32, 32)]),
        ("batch statistics, 32×64×32×32", new BatchStatisticsOp(), 32, [Each(64, 32, 32)]),
        ("exp, 16,384 elements", new ExpOp(), 1, [Each(16384)]),
        ("sigmoid, 16,384 elements", new SigmoidOp(), 1, [Each(16384)]),
        ("tanh, 16,384 elements", new TanhOp(), 1, [Each(16384)]),
        ("max pool 3×3, stride 2, 64×112×112", new MaxPoolOp { Window = Square(3, 2, 1) }, 1, [Each(64, 112, 112)]),
        ("its gradient", new MaxPoolGradientOp { Forward = new MaxPoolOp { Window = Square(3, 2, 1) } }, 1, [Each(64, 112, 112), Each(64, 56, 56)]),
        ("average pool 3×3, 4×64×56×56", new AveragePoolOp { Window = Square(3, 1, 1) }, 4, [Each(64, 56, 56)]),
        ("bilinear ×2, 64×56×56", new ResizeOp { Factors = [2, 2], Mode = ResizeMode.Linear }, 1, [Each(64, 56, 56)]),
        ("depthwise 3×3, 16×32×56×56", new ConvOp { Window = Square(3, 1, 1), Groups = 32 }, 16, [Each(32, 56, 56), Once(32, 1, 3, 3)]),
        ("its weight gradient", new ConvWeightGradientOp { Window = Square(3, 1, 1), Groups = 32, Shape = [32, 1, 3, 3] }, 16, [Each(32, 56, 56), Each(32, 56, 56)]),
        ("convolution 3×3, 8×64×32×32", new ConvOp { Window = Square(3, 1, 1) }, 8, [Each(64, 32, 32), Once(64, 64, 3, 3)]),
        ("tiled 3×3, 2×2 tiles, 8×32×28×28", new TiledConvOp { Window = Square(3, 1, 1), Tiles = new Size(2, 2) }, 8, [Each(32, 28, 28), Once(128, 32, 3, 3)]),
        ("locally connected 3×3, 32×16×14×14", new TiledConvOp { Window = Square(3, 1, 1), Tiles = new Size(14, 14) }, 32, [Each(16, 14, 14), Once(196 * 16, 16, 3, 3)]),
    ];

    public static void Run(Options options)
    {
        using var backend = new CpuBackend(options.Threads);
        foreach (var (name, op, batch, inputs) in _kernels)
            Time(backend, options, name, op, batch, inputs);
    }

    private static void Time(CpuBackend backend, Options options, string name, Op op, int batch, TensorType[] inputs)
    {
        using var run = new KernelRun(backend, op, batch, inputs);
        var best = double.MaxValue;
        for (var (clock, runs) = (Stopwatch.StartNew(), 0); runs < 20 || clock.Elapsed.TotalSeconds < options.Seconds / _kernels.Length; runs++)
        {
            var start = Stopwatch.GetTimestamp();
            run.Run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        var speed = run.MultiplyAdds > 0 ? FormattableString.Invariant($"{2e-3 * run.MultiplyAdds / best,7:F1} GFLOP/s") : "";
        Console.WriteLine(FormattableString.Invariant($"{best,10:F1} µs  {speed,15}  {name,-36}  {run.Kernel}"));
    }

    private static TensorType Each(params int[] shape) => new(new Shape(shape), true);

    private static TensorType Once(params int[] shape) => new(new Shape(shape), false);

    private static Window Square(int size, int stride, int padding)
        => new(new WindowAxis(size, stride, padding, padding), new WindowAxis(size, stride, padding, padding));
}

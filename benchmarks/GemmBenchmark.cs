using System.Diagnostics;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>The matrix product, as the plan runs it.</summary>
internal static class GemmBenchmark
{
    public static void Run(Options options)
    {
        var n = options.Size;
        using var backend = new CpuBackend(options.Threads);
        var matrix = new TensorType([n, n], false);
        using var run = new KernelRun(backend, new MatMulOp(), 1, matrix, matrix);
        for (var i = 0; i < 20; i++)
            run.Run();
        var best = double.MaxValue;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < options.Seconds;)
        {
            var start = Stopwatch.GetTimestamp();
            run.Run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        var (gigaflops, peak) = (2.0 * n * n * n / best / 1e9, FmaPeak.Measure() * options.Threads);
        Console.WriteLine(FormattableString.Invariant(
            $"{n}×{n}×{n}, {options.Threads} thread(s): best {gigaflops:F1} GFLOP/s, {gigaflops / peak:P0} of the FMA peak of {peak:F1}"));
    }
}

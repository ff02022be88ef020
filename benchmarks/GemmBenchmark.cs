using System.Diagnostics;
using Microsoft.ML.ConvNet.Backends;
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
        var kernel = backend.Find(new OpSignature(new MatMulOp(), [matrix, matrix], matrix, 1))!;
        var operands = Enumerable.Range(0, 3).Select(_ => new TensorView(backend.Allocate((long)n * n), 0, matrix)).ToArray();
        var call = new KernelCall { Inputs = operands[..2], Output = operands[2] };
        foreach (var operand in operands)
            operand.Write([.. Enumerable.Range(0, n * n).Select(i => (i % 7) - 3f)]);

        for (var i = 0; i < 20; i++)
            kernel.Run(call);
        var best = double.MaxValue;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < options.Seconds;)
        {
            var start = Stopwatch.GetTimestamp();
            kernel.Run(call);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        var (gigaflops, peak) = (2.0 * n * n * n / best / 1e9, FmaPeak.Measure() * options.Threads);
        Console.WriteLine(FormattableString.Invariant(
            $"{n}×{n}×{n}, {options.Threads} thread(s): best {gigaflops:F1} GFLOP/s, {gigaflops / peak:P0} of the FMA peak of {peak:F1}"));
        foreach (var operand in operands)
            operand.Buffer.Dispose();
    }
}

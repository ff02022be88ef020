using BenchmarkDotNet.Attributes;
using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>What it costs to hand chunks of no work to all threads, by our pool and by .NET's.</summary>
public class DispatchMicro : IDisposable
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);

    [Params(2, 16)]
    public int Chunks { get; set; }

    [Benchmark(Baseline = true)]
    public void OurPool() => _pool.Run(Chunks, default(Nothing));

    [Benchmark]
    public void ParallelFor() => Parallel.For(0, Chunks, static _ => { });

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    private readonly struct Nothing : IParallelJob
    {
        public void Execute(int chunk) { }
    }
}

using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_chunk_runs_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var repeat = 0; repeat < 500; repeat++)
        {
            var chunks = repeat % 37;
            var counts = new int[chunks];
            pool.Run(chunks, i => Interlocked.Increment(ref counts[i]));
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Works_again_after_its_workers_have_parked()
    {
        using var pool = new WorkerPool(3);
        for (var repeat = 0; repeat < 20; repeat++)
        {
            Thread.Sleep(2);
            var sum = 0;
            pool.Run(10, i => Interlocked.Add(ref sum, i));
            Assert.Equal(45, sum);
        }
    }

    [Fact]
    public void Workers_take_part()
    {
        using var pool = new WorkerPool(2);
        using var bothArrived = new Barrier(2);
        pool.Run(2, _ => Assert.True(bothArrived.SignalAndWait(TimeSpan.FromSeconds(30))));
    }

    [Fact]
    public void Nested_runs_complete()
    {
        using var pool = new WorkerPool(3);
        var sum = 0;
        pool.Run(8, i => pool.Run(5, j => Interlocked.Add(ref sum, (i * 5) + j)));
        Assert.Equal(39 * 40 / 2, sum);
    }

    [Fact]
    public void Several_callers_at_once_complete()
    {
        using var pool = new WorkerPool(3);
        var sums = new int[4];
        var callers = Enumerable.Range(0, 4).Select(caller => new Thread(() =>
        {
            for (var repeat = 0; repeat < 500; repeat++)
                pool.Run(9, i => Interlocked.Add(ref sums[caller], i));
        })).ToArray();
        Array.ForEach(callers, caller => caller.Start());
        Array.ForEach(callers, caller => caller.Join());
        Assert.All(sums, sum => Assert.Equal(36 * 500, sum));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_reaches_the_caller_and_the_pool_survives(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var repeat = 0; repeat < 50; repeat++)
        {
            var thrown = Assert.Throws<InvalidOperationException>(
                () => pool.Run(8, i => { if (i == 5) throw new InvalidOperationException("five"); }));
            Assert.Equal("five", thrown.Message);
        }

        var count = 0;
        pool.Run(8, _ => Interlocked.Increment(ref count));
        Assert.Equal(8, count);
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        pool.Run(4, default(Nothing));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            pool.Run(4, default(Nothing));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void The_shared_pool_cannot_be_disposed() => Assert.Throws<InvalidOperationException>(WorkerPool.Shared.Dispose);

    [Fact]
    public void A_pool_needs_a_thread() => Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));

    private readonly struct Nothing : IParallelJob
    {
        public void Execute(int chunk)
        {
        }
    }
}

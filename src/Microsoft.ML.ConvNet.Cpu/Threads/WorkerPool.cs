using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A persistent pool for loops of microseconds. Idea: one word holds the run's number and the chunks that remain, and
/// whoever moves it by compare-and-swap owns a chunk. The caller works too and waits only for chunks that somebody has
/// claimed, so a worker that is parked, or slow to wake, costs nothing. A worker touches a run's data only between its
/// claim and its report, when the caller must still be waiting; so nothing is allocated and the job stays on the
/// caller's stack. Workers spin for <see cref="SpinMicroseconds"/> before they park: while they spin a dispatch costs
/// a fraction of a microsecond, from the park half a millisecond.
/// </summary>
/// <remarks>
/// Results must not depend on the number of threads: callers cut work by shape alone, and reduce partial sums in order.
/// A run that finds the pool busy (nested, or a second caller) runs all its chunks itself.
/// </remarks>
internal sealed unsafe class WorkerPool : IDisposable
{
    private const int SpinMicroseconds = 50;

    private static readonly Lazy<WorkerPool> _shared = new(() => new WorkerPool(Environment.ProcessorCount));

    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>High half: the run's number. Low half: its chunks not yet claimed.</summary>
    private long _state;

    private delegate*<void*, int, void> _execute;
    private void* _job;
    private int _chunks;
    private int _finished;
    private Exception? _failure;
    private int _busy;
    private int _parked;
    private volatile bool _stopping;

    /// <summary>Makes a pool in which <paramref name="threads"/> threads work, the caller among them.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"ConvNet worker {i + 1}" };
            _workers[i].Start();
        }
    }

    /// <summary>The pool of the process: one thread per processor, never disposed.</summary>
    public static WorkerPool Shared => _shared.Value;

    /// <summary>Threads that can take part in a run, the caller's among them.</summary>
    public int Threads => _workers.Length + 1;

    /// <summary>Runs every chunk once, and returns when all are done. The first exception of a chunk is rethrown.</summary>
    public void Run<TJob>(int chunks, TJob job)
        where TJob : struct, IParallelJob
    {
        if (chunks <= 1 || _workers.Length == 0 || _stopping || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (var i = 0; i < chunks; i++)
                job.Execute(i);
            return;
        }

        try
        {
            // The parameter lives on this stack frame, which outlasts every claimed chunk.
            RunShared(chunks, &Invoke<TJob>, Unsafe.AsPointer(ref job));
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>
    /// The same for chunks that run loops on this pool themselves: in parallel as long as there is a chunk for every thread, then one after
    /// the other, each of which shares its loops among the threads.
    /// </summary>
    public void RunNested<TJob>(int chunks, TJob job)
        where TJob : struct, IParallelJob
    {
        var together = chunks / Threads * Threads;
        Run(together, job);
        for (var chunk = together; chunk < chunks; chunk++)
            job.Execute(chunk);
    }

    /// <summary>Runs <paramref name="body"/> for every chunk; the closure is the caller's allocation.</summary>
    public void Run(int chunks, Action<int> body) => Run(chunks, new ActionJob(body));

    public void Dispose()
    {
        if (this == (_shared.IsValueCreated ? _shared.Value : null))
            throw new InvalidOperationException("The shared pool serves the whole process and is never disposed.");
        if (_stopping)
            return;
        _stopping = true;
        _wake.Release(_workers.Length + 1);
        foreach (var worker in _workers)
            worker.Join();
        _wake.Dispose();
    }

    private static void Invoke<TJob>(void* job, int chunk)
        where TJob : struct, IParallelJob => Unsafe.AsRef<TJob>(job).Execute(chunk);

    private void RunShared(int count, delegate*<void*, int, void> action, void* data)
    {
        _execute = action;
        _job = data;
        _chunks = count;
        _finished = 0;
        _failure = null;
        // A full fence: the fields above are visible before the chunks, and the chunks before `_parked` is read.
        Interlocked.Exchange(ref _state, (((_state >> 32) + 1) << 32) | (uint)count);
        WakeWorkers(count - 1);

        while (TryExecuteChunk())
        {
        }

        var spinner = default(SpinWait);
        while (Volatile.Read(ref _finished) != count)
            spinner.SpinOnce(sleep1Threshold: -1);

        _job = null;
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    private bool TryExecuteChunk()
    {
        long seen;
        do
        {
            seen = Volatile.Read(ref _state);
            if ((uint)seen == 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref _state, seen - 1, seen) != seen);

        try
        {
            _execute(_job, _chunks - (int)(uint)seen);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
        }

        Interlocked.Increment(ref _finished);
        return true;
    }

    private void Work()
    {
        while (!_stopping)
        {
            if (!TryExecuteChunk() && !SpinForWork())
                Park();
        }
    }

    private bool SpinForWork()
    {
        var start = Stopwatch.GetTimestamp();
        do
        {
            for (var i = 0; i < 16; i++)
            {
                if ((uint)Volatile.Read(ref _state) != 0)
                    return true;
                Thread.SpinWait(1);
            }
        }
        while (Stopwatch.GetElapsedTime(start).TotalMicroseconds < SpinMicroseconds);

        return false;
    }

    /// <summary>Every worker counted in <see cref="_parked"/>, or taken out by a caller, owns one token of the semaphore.</summary>
    private void Park()
    {
        Interlocked.Increment(ref _parked);
        if ((uint)Volatile.Read(ref _state) != 0 && TakeParked(1) == 1)
            return;
        _wake.Wait();
    }

    private void WakeWorkers(int wanted)
    {
        var taken = TakeParked(wanted);
        if (taken > 0)
            _wake.Release(taken);
    }

    private int TakeParked(int wanted)
    {
        while (true)
        {
            var seen = Volatile.Read(ref _parked);
            var taken = Math.Min(seen, wanted);
            if (taken <= 0)
                return 0;
            if (Interlocked.CompareExchange(ref _parked, seen - taken, seen) == seen)
                return taken;
        }
    }

    private readonly struct ActionJob(Action<int> body) : IParallelJob
    {
        public void Execute(int chunk) => body(chunk);
    }
}

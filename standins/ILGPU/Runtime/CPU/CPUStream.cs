using System.Runtime.ExceptionServices;

namespace ILGPU.Runtime.CPU;

/// <summary>
/// Does nothing until it must: when it is synchronized, when a copy waits for it, or when memory is freed. That is what a GPU may
/// do, and so code that forgets to wait for a stream fails here every time, and not once in a while.
/// </summary>
internal sealed class CPUStream(Accelerator accelerator) : AcceleratorStream(accelerator)
{
    // Bounds what a program that never waits would keep in memory.
    private const int Longest = 1024;

    private readonly Lock _lock = new();
    private readonly Queue<Action> _work = new();
    private ExceptionDispatchInfo? _error;

    internal override void Enqueue(Action work)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(IsDisposed || Accelerator.IsDisposed, this);
            _work.Enqueue(work);
            if (_work.Count >= Longest)
                Drain();
        }
    }

    internal override void Drain()
    {
        lock (_lock)
        {
            // The work stays in the queue while it runs: it keeps its buffers alive.
            while (_work.TryPeek(out var work))
            {
                try
                {
                    work();
                    _work.Dequeue();
                }
                catch (Exception e)
                {
                    // What was to follow would compute with what the failed work left behind.
                    _error ??= ExceptionDispatchInfo.Capture(e);
                    _work.Clear();
                }
            }
        }
    }

    public override void Synchronize()
    {
        lock (_lock)
        {
            Drain();
            var error = _error;
            _error = null;
            error?.Throw();
        }
    }

    protected override void DisposeAcceleratorObject(bool disposing) => Drain();
}

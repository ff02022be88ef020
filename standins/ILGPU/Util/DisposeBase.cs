namespace ILGPU.Util;

/// <summary>Disposes once, from whichever thread comes first.</summary>
public abstract class DisposeBase : IDisposable
{
    private int _entered;
    private volatile bool _disposed;

    public bool IsDisposed => _disposed;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _entered, 1) != 0)
            return;
        Dispose(true);
        _disposed = true;
    }

    protected virtual void Dispose(bool disposing) { }

    protected void VerifyNotDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}

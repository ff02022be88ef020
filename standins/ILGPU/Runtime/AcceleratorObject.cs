using ILGPU.Util;

namespace ILGPU.Runtime;

public interface IAcceleratorObject : IDisposable
{
    Accelerator Accelerator { get; }
    AcceleratorType AcceleratorType { get; }
}

/// <summary>Something that belongs to an accelerator and is disposed with it at the latest.</summary>
public abstract class AcceleratorObject : DisposeBase, IAcceleratorObject
{
    private readonly WeakReference<AcceleratorObject>? _registration;
    private int _released;

    protected AcceleratorObject(Accelerator accelerator)
    {
        Accelerator = accelerator;
        _registration = accelerator?.Register(this);
    }

    public Accelerator Accelerator { get; }
    public AcceleratorType AcceleratorType => Accelerator?.AcceleratorType ?? AcceleratorType.CPU;

    protected abstract void DisposeAcceleratorObject(bool disposing);

    protected sealed override void Dispose(bool disposing)
    {
        Accelerator?.Unregister(_registration!);
        Release(disposing);
    }

    internal void Release(bool disposing)
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            DisposeAcceleratorObject(disposing);
    }
}

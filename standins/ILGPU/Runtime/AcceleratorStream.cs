namespace ILGPU.Runtime;

/// <summary>A queue of launches and copies that run one after another.</summary>
public abstract class AcceleratorStream : AcceleratorObject
{
    protected AcceleratorStream(Accelerator accelerator) : base(accelerator) { }

    public abstract void Synchronize();

    public Task SynchronizeAsync() => Task.Run(Synchronize);

    internal abstract void Enqueue(Action work);

    /// <summary>Does what is in the queue, and keeps an error for <see cref="Synchronize"/>.</summary>
    internal abstract void Drain();
}

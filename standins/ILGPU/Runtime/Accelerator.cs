using ILGPU.Kernels;
using ILGPU.Runtime.CPU;
using ILGPU.Util;

namespace ILGPU.Runtime;

public abstract class AcceleratorExtension;

/// <summary>A device with its memory, its streams and its kernels.</summary>
public abstract class Accelerator : CachedExtensionBase<AcceleratorExtension>
{
    [ThreadStatic]
    private static Accelerator? t_current;

    private readonly Lock _lock = new();
    private readonly HashSet<WeakReference<AcceleratorObject>> _objects = [];

    protected Accelerator(Context context, Device device)
    {
        ArgumentNullException.ThrowIfNull(context);
        Context = context;
        Device = device;
        WarpSize = device.WarpSize;
        context.OnAcceleratorCreated(this);
    }

    public static Accelerator? Current => t_current;

    public event EventHandler? Disposed;

    public Context Context { get; }
    public Device Device { get; }
    public AcceleratorStream DefaultStream { get; protected set; } = null!;
    public AcceleratorType AcceleratorType => Device.AcceleratorType;
    public string Name => Device.Name;
    public long MemorySize => Device.MemorySize;
    public Index3D MaxGridSize => Device.MaxGridSize;
    public Index3D MaxGroupSize => Device.MaxGroupSize;
    public int MaxNumThreadsPerGroup => Device.MaxNumThreadsPerGroup;
    public int MaxSharedMemoryPerGroup => Device.MaxSharedMemoryPerGroup;
    public int MaxConstantMemory => Device.MaxConstantMemory;
    public int WarpSize { get; protected set; }
    public int NumMultiprocessors => Device.NumMultiprocessors;
    public int MaxNumThreadsPerMultiprocessor => Device.MaxNumThreadsPerMultiprocessor;
    public int MaxNumThreads => Device.MaxNumThreads;

    public int NumberChildObjects
    {
        get
        {
            lock (_lock)
                return _objects.Count;
        }
    }

    public void Bind()
    {
        VerifyNotDisposed();
        t_current = this;
    }

    public AcceleratorStream CreateStream()
    {
        Bind();
        return new CPUStream(this);
    }

    public void Synchronize()
    {
        Bind();
        foreach (var stream in Objects<AcceleratorStream>())
            stream.Synchronize();
    }

    public MemoryBuffer AllocateRaw(long length, int elementSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(elementSize, 1);
        Bind();
        return new CPUMemory(this, length, elementSize);
    }

    public MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(long length) where T : unmanaged
    {
        DeviceTypes.CheckElement(typeof(T));
        var memory = AllocateRaw(length, ArrayView<T>.ElementSize);
        return new(this, memory.AsArrayView<T>(0, length));
    }

    public override string ToString() => Device.ToString();

    protected sealed override void Dispose(bool disposing)
    {
        Drain();
        Disposed?.Invoke(this, EventArgs.Empty);
        foreach (var child in Objects<AcceleratorObject>())
            child.Release(disposing);
        lock (_lock)
            _objects.Clear();
        if (t_current == this)
            t_current = null;
    }

    internal void Drain()
    {
        foreach (var stream in Objects<AcceleratorStream>())
            stream.Drain();
    }

    internal WeakReference<AcceleratorObject> Register(AcceleratorObject child)
    {
        var registration = new WeakReference<AcceleratorObject>(child);
        lock (_lock)
            _objects.Add(registration);
        return registration;
    }

    internal void Unregister(WeakReference<AcceleratorObject> registration)
    {
        lock (_lock)
            _objects.Remove(registration);
    }

    private List<T> Objects<T>() where T : AcceleratorObject
    {
        var found = new List<T>();
        lock (_lock)
        {
            foreach (var registration in _objects)
            {
                if (registration.TryGetTarget(out var target) && target is T wanted)
                    found.Add(wanted);
            }
        }
        return found;
    }
}

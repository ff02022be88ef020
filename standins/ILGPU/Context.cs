using System.Collections.Immutable;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using ILGPU.Util;

namespace ILGPU;

public abstract class ContextExtension;

/// <summary>The devices that a program may use.</summary>
public sealed partial class Context : CachedExtensionBase<ContextExtension>
{
    public const string AssemblyName = "ILGPU";
    public const string FullAssemblyModuleName = "ILGPU.dll";
    public const string RuntimeAssemblyName = "ILGPURuntime";

    private Context(ContextProperties properties, ImmutableArray<Device> devices)
    {
        Properties = properties;
        Devices = devices.IsEmpty ? [CPUDevice.Default] : devices;
    }

    public event EventHandler<Accelerator>? AcceleratorCreated;

    public static string Version => "1.5.3";

    public ImmutableArray<Device> Devices { get; }

    public ContextProperties Properties { get; }

    public static Builder Create() => new();

    public static Context Create(Action<Builder> buildingCallback)
    {
        ArgumentNullException.ThrowIfNull(buildingCallback);
        var builder = Create();
        buildingCallback(builder);
        return builder.ToContext();
    }

    public static Context CreateDefault() => Create(builder => builder.Default());

    public DeviceCollection<TDevice> GetDevices<TDevice>() where TDevice : Device => new([.. Devices.OfType<TDevice>()]);
    public TDevice GetDevice<TDevice>(int deviceIndex) where TDevice : Device => GetDevices<TDevice>()[deviceIndex];

    public Device GetPreferredDevice(bool preferCPU) => GetPreferredDevices(preferCPU, matchingDevicesOnly: false).First();

    public IEnumerable<Device> GetPreferredDevices(bool preferCPU, bool matchingDevicesOnly)
    {
        var others = Devices.Where(device => device.AcceleratorType != AcceleratorType.CPU).OrderByDescending(device => device.MemorySize).ToList();
        if (!preferCPU && others.Count > 0)
            return matchingDevicesOnly ? others.Where(device => device.AcceleratorType == others[0].AcceleratorType && device.MemorySize == others[0].MemorySize) : others;
        var cpus = Devices.OfType<CPUDevice>().ToList();
        return cpus.Count > 0 ? cpus : throw new NotSupportedException("The context has no CPU device.");
    }

    public ImmutableArray<Device>.Enumerator GetEnumerator() => Devices.GetEnumerator();

    protected override void Dispose(bool disposing) => base.Dispose(disposing);

    internal void OnAcceleratorCreated(Accelerator accelerator)
    {
        VerifyNotDisposed();
        AcceleratorCreated?.Invoke(this, accelerator);
    }

    public readonly struct DeviceCollection<TDevice> where TDevice : Device
    {
        private readonly List<TDevice> _devices;

        internal DeviceCollection(List<TDevice> devices) => _devices = devices;

        public int Count => _devices.Count;

        public TDevice this[int deviceIndex]
        {
            get
            {
                ArgumentOutOfRangeException.ThrowIfNegative(deviceIndex);
                return deviceIndex < Count ? _devices[deviceIndex] : throw new NotSupportedException($"The context has {Count} devices of the kind {typeof(TDevice).Name}.");
            }
        }

        public Enumerator GetEnumerator() => new(_devices.GetEnumerator());

        public ref struct Enumerator
        {
            private List<TDevice>.Enumerator _devices;

            internal Enumerator(List<TDevice>.Enumerator devices) => _devices = devices;

            public readonly TDevice Current => _devices.Current;
            public bool MoveNext() => _devices.MoveNext();
        }
    }
}

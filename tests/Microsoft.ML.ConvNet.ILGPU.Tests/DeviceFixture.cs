using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>A device with groups of up to 256 threads, which all devices have.</summary>
public sealed class DeviceFixture : IDisposable
{
    public DeviceFixture()
    {
        Context = Context.Create(builder => builder.CPU(CPUDeviceKind.AMD).EnableAlgorithms());
        Accelerator = Context.GetPreferredDevice(preferCPU: true).CreateAccelerator(Context);
    }

    public Context Context { get; }
    public Accelerator Accelerator { get; }

    public static float[] Ramp(int length) => [.. Enumerable.Range(0, length).Select(i => i + 0.5f)];

    public void Dispose()
    {
        Accelerator.Dispose();
        Context.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class DeviceCollection : ICollectionFixture<DeviceFixture>
{
    public const string Name = "Device";
}

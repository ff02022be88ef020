using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Contexts, devices and streams.</summary>
[Collection(DeviceCollection.Name)]
public sealed class StreamTests(DeviceFixture device)
{
    private readonly Accelerator _accelerator = device.Accelerator;

    [Fact]
    public void Work_of_a_stream_comes_in_order()
    {
        using var stream = _accelerator.CreateStream();
        using var x = _accelerator.Allocate1D(new int[64]);
        var add = _accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(StreamKernels.DoubleAndAdd);
        for (var i = 0; i < 5; i++)
            add(stream, 64, x.View, i);
        var back = new int[64];
        x.View.CopyToCPU(stream, back);

        Assert.All(back, value => Assert.Equal(26, value));
    }

    [Fact]
    public void Groups_are_launched_on_streams()
    {
        using var stream = _accelerator.CreateStream();
        using var x = _accelerator.Allocate1D(Enumerable.Repeat(1, 256).ToArray());
        using var sums = _accelerator.Allocate1D<int>(2);
        _accelerator.LoadKernel<ArrayView<int>, ArrayView<int>>(GroupKernels.Sum)(stream, new KernelConfig(2, GroupKernels.Threads), x.View, sums.View);
        stream.Synchronize();

        Assert.Equal([128, 128], sums.GetAsArray1D());
    }

    [Fact]
    public void Synchronizing_the_accelerator_waits_for_all_streams()
    {
        using var stream = _accelerator.CreateStream();
        using var x = _accelerator.Allocate1D(new int[64]);
        using var target = _accelerator.AllocatePageLocked1D<int>(64);
        _accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(StreamKernels.DoubleAndAdd)(stream, 64, x.View, 3);
        x.View.CopyToPageLockedAsync(stream, target);
        _accelerator.Synchronize();

        Assert.All(target.GetArray(), value => Assert.Equal(3, value));
    }

    [Fact]
    public void Devices_say_what_they_can()
    {
        using var context = Context.Create(builder => builder.CPU(CPUDeviceKind.Intel));
        var cpu = context.GetPreferredDevice(preferCPU: true);
        using var accelerator = cpu.CreateAccelerator(context);

        Assert.Single(context.Devices);
        Assert.Equal(AcceleratorType.CPU, accelerator.AcceleratorType);
        Assert.Equal(cpu.Name, accelerator.Name);
        Assert.Equal((16, 128, 1), (accelerator.WarpSize, accelerator.MaxNumThreadsPerGroup, accelerator.NumMultiprocessors));
        Assert.True(accelerator.MemorySize > 0 && accelerator.MaxSharedMemoryPerGroup >= 48 * 1024);
        Assert.Equal(0, context.GetCudaDevices().Count);
        Assert.Equal(0, context.GetCLDevices().Count);
        Assert.Equal(1, context.GetCPUDevices().Count);
        Assert.Throws<NotSupportedException>(() => context.GetCudaDevice(0));
    }

    [Fact]
    public void Disposing_an_accelerator_disposes_what_it_made()
    {
        using var context = Context.Create(builder => builder.CPU(CPUDeviceKind.Default));
        var accelerator = context.CreateCPUAccelerator(0);
        var buffer = accelerator.Allocate1D<float>(10);
        accelerator.Dispose();

        Assert.True(accelerator.IsDisposed);
        Assert.False(buffer.View.IsValid);
    }
}

public static class StreamKernels
{
    public static void DoubleAndAdd(Index1D index, ArrayView<int> x, int value) => x[index] = 2 * x[index] + value;
}

using ILGPU.Runtime.OpenCL;
using Microsoft.ML.ConvNet.Gpu;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Choosing a device, and what is said where there is none.</summary>
public class DeviceTests
{
    [Fact]
    public void A_device_says_what_it_is()
    {
        Assert.Equal(["auto", "cpu", "gpu0", "gpu2"], new[] { ConvNetDevice.Auto, ConvNetDevice.Cpu, ConvNetDevice.Gpu(0), ConvNetDevice.Gpu(2) }.Select(d => d.ToString()));
        Assert.Equal(ConvNetDevice.Auto, default);
        Assert.True(ConvNetDevice.Cpu.IsCpu);
        Assert.Null(ConvNetDevice.Auto.GpuIndex);
        Assert.Equal(2, ConvNetDevice.Gpu(2).GpuIndex);
        Assert.Throws<ArgumentOutOfRangeException>(() => ConvNetDevice.Gpu(-1));
    }

    [Fact]
    public void GPUs_are_listed_with_name_kind_and_memory()
    {
        foreach (var (index, device) in GpuDevice.All().Index())
        {
            Assert.Equal(index, device.Index);
            Assert.Contains(device.Kind, new[] { "CUDA", "OpenCL" });
            Assert.True(device.MemoryBytes > 0, $"{device}");
            Assert.Contains(device.Name, device.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_GPU_that_is_not_there_is_an_error_that_says_what_is()
    {
        var devices = GpuDevice.All();
        var error = Assert.Throws<GpuUnavailableException>(() => new GpuBackend(ConvNetDevice.Gpu(devices.Count + 3)));
        Assert.Contains(devices.Count == 0 ? DriverLibraries.Names : devices[0].Name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_takes_no_CPU_that_OpenCL_offers_but_its_index_does()
    {
        var (cpu, gpu) = (new GpuDevice(0, "pocl", "OpenCL", 1) { IsCpu = true }, new GpuDevice(1, "card", "OpenCL", 1));
        Assert.Equal(gpu, GpuDevice.Choose([cpu, gpu], null));
        Assert.Equal(cpu, GpuDevice.Choose([cpu, gpu], 0));
        Assert.Contains("0: pocl (OpenCL on the CPU", Assert.Throws<GpuUnavailableException>(() => GpuDevice.Choose([cpu], null)).Message, StringComparison.Ordinal);
        Assert.Contains("1: card", Assert.Throws<GpuUnavailableException>(() => GpuDevice.Choose([cpu, gpu], 2)).Message, StringComparison.Ordinal);
        Assert.Contains(DriverLibraries.Names, Assert.Throws<GpuUnavailableException>(() => GpuDevice.Choose([], null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CLDeviceType.CL_DEVICE_TYPE_CPU, true)]
    [InlineData(CLDeviceType.CL_DEVICE_TYPE_CPU | CLDeviceType.CL_DEVICE_TYPE_DEFAULT, true)]
    [InlineData(CLDeviceType.CL_DEVICE_TYPE_GPU, false)]
    [InlineData(CLDeviceType.CL_DEVICE_TYPE_GPU | CLDeviceType.CL_DEVICE_TYPE_CPU, false)]
    [InlineData(CLDeviceType.CL_DEVICE_TYPE_ACCELERATOR, false)]
    [InlineData(CLDeviceType.CL_DEVICE_TYPE_CUSTOM, false)]
    public void The_driver_says_what_is_a_CPU(CLDeviceType type, bool isCpu) => Assert.Equal(isCpu, GpuDevice.IsCpuAlone(type));

    [Fact]
    public void ILGPUs_accelerator_on_the_CPU_is_one()
    {
        using var backend = GpuBackend.OnCpu();
        Assert.True(backend.Device.IsCpu);
    }

    [Fact]
    public void The_CPU_is_no_GPU() => Assert.Throws<ArgumentException>(() => new GpuBackend(ConvNetDevice.Cpu));

    [Fact]
    public void Too_little_memory_is_an_error_that_names_the_device()
    {
        var error = Assert.ThrowsAny<OutOfMemoryException>(() => TestBackend.Shared.Allocate(long.MaxValue / 8));
        Assert.Contains(TestBackend.Shared.Device.Name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_zero_at_first_and_keeps_what_is_written()
    {
        using var buffer = TestBackend.Shared.Allocate(10);
        var values = new float[10];
        buffer.Write(3, [1, 2, 3]);
        buffer.Read(0, values);
        Assert.Equal([0, 0, 0, 1, 2, 3, 0, 0, 0, 0], values);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Write(8, [1, 2, 3]));
    }
}

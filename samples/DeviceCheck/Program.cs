// Lists the GPUs of this machine, and checks each against the CPU: gradients of small networks that use most layers, ten steps of
// training, and the speed of both.
//   dotnet run -c Release --project samples/DeviceCheck
// With the argument "emulated" the kernels run on ILGPU's own accelerator on the CPU: slow, but it needs no GPU.
using Microsoft.ML.ConvNet;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Samples.DeviceCheck;

using var cpu = new CpuBackend();
if (args is ["emulated"])
{
    using var emulated = GpuBackend.OnCpu();
    return Report(Check(emulated));
}

IReadOnlyList<GpuDevice> devices;
try
{
    devices = GpuDevice.All();
}
catch (GpuUnavailableException error)
{
    Console.WriteLine(error.Message);
    return 1;
}

Console.WriteLine(devices.Count == 0 ? "There is no GPU; networks run on the CPU." : "GPUs:");
foreach (var device in devices)
    Console.WriteLine($"  {device.Index}: {device}");

var failures = 0;
foreach (var device in devices)
{
    Console.WriteLine();
    Console.WriteLine($"{device} against {cpu.Name}");
    try
    {
        using var own = new GpuBackend(ConvNetDevice.Gpu(device.Index), new GpuOptions { VendorLibraries = false });
        failures += Check(own);
        using var transforming = new GpuBackend(ConvNetDevice.Gpu(device.Index), new GpuOptions { VendorLibraries = false, Winograd = true });
        Console.WriteLine("  With Winograd's transforms, which small networks would not have:");
        failures += Check(transforming);
        using var withLibraries = new GpuBackend(ConvNetDevice.Gpu(device.Index), new GpuOptions { LeastVendorWork = 0 });
        Console.WriteLine($"  {withLibraries.Libraries}{(withLibraries.UsesLibraries ? ":" : "")}");
        if (withLibraries.UsesLibraries)
            failures += Check(withLibraries);
        using var gpu = new GpuBackend(ConvNetDevice.Gpu(device.Index));
        Comparison.Speed(
            "ResNet-18 for 32×32, batch 64", () => Models.ResNet18(Network.Input(3, 32, 32), 10, ResNetStem.Cifar), 64, withLibraries.UsesLibraries ? [cpu, own, gpu] : [cpu, own]);
    }
    catch (GpuUnavailableException error)
    {
        Console.WriteLine($"  {error.Message}");
        failures++;
    }
}

return Report(failures);

int Check(GpuBackend gpu) => CheckedNetworks.All.Count(n => !Comparison.Run(n.Name, n.Make, cpu, gpu));

static int Report(int failures)
{
    Console.WriteLine();
    Console.WriteLine(failures == 0 ? "All is well." : $"{failures} checks failed.");
    return failures == 0 ? 0 : 1;
}

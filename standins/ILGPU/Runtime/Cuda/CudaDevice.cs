namespace ILGPU.Runtime.Cuda;

/// <summary>A device that the stand-in never finds.</summary>
public sealed class CudaDevice : Device
{
    private CudaDevice() { }

    public override Accelerator CreateAccelerator(Context context) => throw new NotSupportedException("The stand-in for ILGPU has no CUDA.");
}

public static class CudaContextExtensions
{
    public static Context.Builder Cuda(this Context.Builder builder) => builder;
    public static Context.Builder Cuda(this Context.Builder builder, Predicate<CudaDevice> predicate) => builder;
    public static CudaDevice GetCudaDevice(this Context context, int cudaDeviceIndex) => context.GetDevice<CudaDevice>(cudaDeviceIndex);
    public static Context.DeviceCollection<CudaDevice> GetCudaDevices(this Context context) => context.GetDevices<CudaDevice>();
}

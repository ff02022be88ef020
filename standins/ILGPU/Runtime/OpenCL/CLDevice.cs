namespace ILGPU.Runtime.OpenCL;

/// <summary>A device that the stand-in never finds.</summary>
public sealed class CLDevice : Device
{
    private CLDevice() { }

    public string PlatformName => "";
    public string VendorName => "";
    public CLDeviceType DeviceType => CLDeviceType.CL_DEVICE_TYPE_DEFAULT;

    public override Accelerator CreateAccelerator(Context context) => throw new NotSupportedException("The stand-in for ILGPU has no OpenCL.");
}

public static class CLContextExtensions
{
    public static Context.Builder OpenCL(this Context.Builder builder) => builder;
    public static Context.Builder OpenCL(this Context.Builder builder, Predicate<CLDevice> predicate) => builder;
    public static CLDevice GetCLDevice(this Context context, int clDeviceIndex) => context.GetDevice<CLDevice>(clDeviceIndex);
    public static Context.DeviceCollection<CLDevice> GetCLDevices(this Context context) => context.GetDevices<CLDevice>();
}

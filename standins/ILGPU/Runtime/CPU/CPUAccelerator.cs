namespace ILGPU.Runtime.CPU;

/// <summary>Runs kernels on the CPU: for tests, not for speed.</summary>
public sealed class CPUAccelerator : Accelerator
{
    internal CPUAccelerator(Context context, CPUDevice device) : base(context, device) => DefaultStream = CreateStream();
}

namespace ILGPU.Runtime;

/// <summary>A loaded kernel. Programs know it as a delegate.</summary>
public abstract class Kernel
{
    private protected Kernel() { }
}

using ILGPU.Kernels;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory of one thread.</summary>
public static class LocalMemory
{
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => Lane.Current.Memory.Local<T>(extent);
    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent) where T : unmanaged => Allocate<T>(extent.X);
}

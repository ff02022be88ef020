using ILGPU.Kernels;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory that the threads of a group share. Every place in a kernel that allocates has memory of its own.</summary>
public static class SharedMemory
{
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => Lane.Current.Memory.Shared<T>(extent);
    public static ref T Allocate<T>() where T : unmanaged => ref Allocate<T>(1)[0];
    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent) where T : unmanaged => Allocate<T>(extent.X);
}

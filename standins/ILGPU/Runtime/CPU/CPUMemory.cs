using System.Runtime.InteropServices;

namespace ILGPU.Runtime.CPU;

/// <summary>
/// Memory of the host in the place of a device's. New memory is filled with NaNs, so that code which takes it for zeros fails here too.
/// </summary>
internal sealed unsafe class CPUMemory : MemoryBuffer
{
    private const int Alignment = 256;
    // Filling would make memory resident that may never be used.
    private const long Large = 64 << 20;

    internal CPUMemory(Accelerator? accelerator, long length, int elementSize) : base(accelerator!, length, elementSize)
    {
        if (LengthInBytes / elementSize != length || LengthInBytes > Large && LengthInBytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
            throw new OutOfMemoryException($"{length} elements of {elementSize} bytes exceed the memory of the device.");
        NativePtr = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(LengthInBytes, Alignment), Alignment);
        FillWithGarbage();
    }

    ~CPUMemory() => Free();

    public void FillWithGarbage()
    {
        if (LengthInBytes <= Large)
            NativeMemory.Fill((void*)NativePtr, (nuint)LengthInBytes, 0xFF);
    }

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        // Work that was queued before comes first.
        Accelerator?.Drain();
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        IsFreed = true;
        NativeMemory.AlignedFree((void*)NativePtr);
        NativePtr = 0;
    }
}

/// <summary>An array of the host in the form of a buffer.</summary>
internal sealed class PinnedMemory : MemoryBuffer
{
    // Keeps the array alive for views of it.
    private readonly Array _array;

    internal PinnedMemory(Accelerator accelerator, Array array, nint data, long length, int elementSize) : base(accelerator, length, elementSize)
    {
        _array = array;
        NativePtr = data;
    }

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        Accelerator.Drain();
        IsFreed = true;
        GC.KeepAlive(_array);
    }
}

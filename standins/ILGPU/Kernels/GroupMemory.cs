using ILGPU.Runtime.CPU;

namespace ILGPU.Kernels;

/// <summary>The shared memory of the group that runs, and the local memory of its threads.</summary>
internal sealed unsafe class GroupMemory
{
    // By the place in the kernel that allocates.
    private readonly Dictionary<int, CPUMemory> _shared = [];
    private readonly List<CPUMemory> _local = [];

    /// <summary>The place of the allocation that comes next; kernels that allocate are compiled so that they say it.</summary>
    public int Site { get; set; } = -1;

    public ArrayView<T> Shared<T>(int extent) where T : unmanaged
    {
        if (Site < 0)
            throw new InvalidOperationException("Shared memory is allocated by kernels with groups of their own, in the kernel or in a method that it calls directly.");
        if (!_shared.TryGetValue(Site, out var memory))
            _shared.Add(Site, memory = new CPUMemory(null, extent, sizeof(T)));
        return extent == memory.Length
            ? memory.AsArrayView<T>(0, extent)
            : throw new InvalidOperationException($"Shared memory of {extent} elements, where another thread of the group allocated {memory.Length}.");
    }

    public ArrayView<T> Local<T>(int extent) where T : unmanaged
    {
        var memory = new CPUMemory(null, extent, sizeof(T));
        _local.Add(memory);
        return memory.AsArrayView<T>(0, extent);
    }

    /// <summary>Another group begins: it finds garbage in shared memory, as on a device.</summary>
    public void Reset()
    {
        Site = -1;
        foreach (var memory in _shared.Values)
            memory.FillWithGarbage();
        foreach (var memory in _local)
            memory.Dispose();
        _local.Clear();
    }

    public void Free()
    {
        Reset();
        foreach (var memory in _shared.Values)
            memory.Dispose();
        _shared.Clear();
    }
}

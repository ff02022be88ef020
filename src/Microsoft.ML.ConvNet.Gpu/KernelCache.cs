using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// The kernels of one accelerator. Loading one compiles it for the device, so each is loaded once, when the first plan that needs it is
/// compiled. All launches go to one stream, in order, and none is waited for.
/// </summary>
internal sealed class KernelCache(Accelerator accelerator, VendorLibraries vendor, GpuOptions options)
{
    private readonly ConcurrentDictionary<(MethodInfo Method, int? MostThreads), Delegate> _loaded = new();

    private readonly Dictionary<string, MemoryBuffer> _tables = [];

    /// <summary>The tile of all products, for tests of tiles; null chooses by the extents.</summary>
    public Tile? Tile { get; init; }

    /// <summary>How the backend computes.</summary>
    public GpuOptions Options => options;

    /// <summary>The libraries of the GPU's vendor.</summary>
    public VendorLibraries Vendor => vendor;

    /// <summary>Makes the accelerator the one that this thread's calls of a driver or a library go to.</summary>
    public void Bind() => accelerator.Bind();

    /// <summary>A step of a plan that launches kernels.</summary>
    public Kernel Step(string name, Action<KernelCall> launch, long workspaceLength = 0) => new GpuKernel(name, accelerator, launch, workspaceLength);

    /// <summary>Numbers on the device that a kernel looks up, for as long as the accelerator lives; one copy of equal ones.</summary>
    public ArrayView<T> Table<T>(T[] values)
        where T : unmanaged
    {
        lock (_tables)
        {
            var key = typeof(T).Name + Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<T>(values)));
            if (!_tables.TryGetValue(key, out var table))
            {
                accelerator.Bind();
                var memory = accelerator.Allocate1D<T>(Math.Max(1, values.Length));
                memory.View.SubView(0, values.Length).CopyFromCPU(accelerator.DefaultStream, values);
                _tables.Add(key, table = memory);
            }

            return ((MemoryBuffer1D<T, Stride1D.Dense>)table).View.BaseView;
        }
    }

    /// <summary>A kernel of one thread for each index.</summary>
    public Action<Index1D, T1, T2> Each<T1, T2>(Action<Index1D, T1, T2> kernel)
        where T1 : struct where T2 : struct => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    public Action<Index1D, T1, T2, T3> Each<T1, T2, T3>(Action<Index1D, T1, T2, T3> kernel)
        where T1 : struct where T2 : struct where T3 : struct => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    public Action<Index1D, T1, T2, T3, T4> Each<T1, T2, T3, T4>(Action<Index1D, T1, T2, T3, T4> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    public Action<Index1D, T1, T2, T3, T4, T5> Each<T1, T2, T3, T4, T5>(Action<Index1D, T1, T2, T3, T4, T5> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    public Action<Index1D, T1, T2, T3, T4, T5, T6> Each<T1, T2, T3, T4, T5, T6>(Action<Index1D, T1, T2, T3, T4, T5, T6> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    public Action<Index1D, T1, T2, T3, T4, T5, T6, T7> Each<T1, T2, T3, T4, T5, T6, T7>(Action<Index1D, T1, T2, T3, T4, T5, T6, T7> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct
        => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    public Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8> Each<T1, T2, T3, T4, T5, T6, T7, T8>(Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct
        => Load(kernel, accelerator.LoadAutoGroupedStreamKernel);

    /// <summary>A kernel of groups of threads that share memory.</summary>
    public Action<KernelConfig, T1, T2, T3, T4> Groups<T1, T2, T3, T4>(Action<T1, T2, T3, T4> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
        => Load(kernel, accelerator.LoadStreamKernel);

    public Action<KernelConfig, T1, T2, T3, T4, T5> Groups<T1, T2, T3, T4, T5>(Action<T1, T2, T3, T4, T5> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
        => Load(kernel, accelerator.LoadStreamKernel);

    public Action<KernelConfig, T1, T2, T3, T4, T5, T6> Groups<T1, T2, T3, T4, T5, T6>(Action<T1, T2, T3, T4, T5, T6> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
        => Load(kernel, accelerator.LoadStreamKernel);

    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> Groups<T1, T2, T3, T4, T5, T6, T7, T8, T9>(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct
        => Load(kernel, accelerator.LoadStreamKernel);

    /// <summary>The same, with limits for its compiler.</summary>
    public Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> Groups<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel, KernelSpecialization limits)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct
        => Load(kernel, k => accelerator.LoadStreamKernel(k, limits), limits);

    private TLoaded Load<TKernel, TLoaded>(TKernel kernel, Func<TKernel, TLoaded> load, KernelSpecialization limits = default)
        where TKernel : Delegate
        where TLoaded : Delegate
        => (TLoaded)_loaded.GetOrAdd((kernel.Method, limits.MaxNumThreadsPerGroup), _ => load(kernel));
}

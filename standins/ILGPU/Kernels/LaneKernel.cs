using System.Reflection;
using ILGPU.Runtime;

namespace ILGPU.Kernels;

/// <summary>A method that an accelerator runs once for each thread.</summary>
internal sealed class LaneKernel : Kernel
{
    private readonly Accelerator _accelerator;
    private readonly string _name;
    private readonly LaneProgram? _program;

    public LaneKernel(Accelerator accelerator, Delegate kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        _accelerator = accelerator;
        _name = $"{kernel.Method.DeclaringType?.Name}.{kernel.Method.Name}";
        if (kernel.Target is { } target && target.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Length > 0)
            throw new NotSupportedException($"The kernel '{_name}' captures variables: they cannot follow it to a device.");
        foreach (var parameter in kernel.Method.GetParameters())
            DeviceTypes.CheckParameter(_name, parameter.ParameterType);
        _program = LaneProgram.Of(kernel);
    }

    /// <param name="lane">Runs the kernel once.</param>
    /// <param name="arguments">What the kernel is called with.</param>
    public void Launch(AcceleratorStream stream, KernelConfig config, Action lane, Func<object[]> arguments)
    {
        Check(stream, config);
        if (_program != null)
        {
            stream.Enqueue(() => _program.Run(config, arguments()));
            return;
        }
        stream.Enqueue(() => Groups.Run(config.GridDim, config.GroupDim, place =>
        {
            var threads = config.GroupDim.Size;
            for (var thread = 0; thread < threads; thread++)
            {
                place.MoveTo(thread);
                lane();
            }
        }));
    }

    public void LaunchAutoGrouped<TIndex>(AcceleratorStream stream, TIndex extent, Action<TIndex> lane) where TIndex : struct, IIndex
    {
        var space = IndexSpace<TIndex>.Instance;
        var size = space.Extent(extent);
        var threads = _accelerator.WarpSize;
        // As in the real library, groups are rows of X: the other extents are those of the grid, and have its limits.
        var config = new KernelConfig(new Index3D((int)(((long)size.X + threads - 1) / threads), size.Y, size.Z), new Index3D(threads, 1, 1));
        Check(stream, config);
        stream.Enqueue(() => Groups.Run(config.GridDim, config.GroupDim, place =>
        {
            var first = place.GridX * threads;
            var count = Math.Min(threads, size.X - first);
            for (var thread = 0; thread < count; thread++)
            {
                place.GroupX = thread;
                lane(space.Index(first + thread, place.GridY, place.GridZ));
            }
        }));
    }

    private void Check(AcceleratorStream stream, KernelConfig config)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.Accelerator != _accelerator)
            throw new ArgumentException($"The kernel '{_name}' was loaded for another accelerator than the stream's.", nameof(stream));
        if (!config.IsValid || !config.GridDim.InBoundsInclusive(_accelerator.MaxGridSize) || !config.GroupDim.InBoundsInclusive(_accelerator.MaxGroupSize))
        {
            throw new ArgumentOutOfRangeException(nameof(config),
                $"The kernel '{_name}' was launched with {config.GridDim} groups of {config.GroupDim} threads; the device takes from 1 to {_accelerator.MaxGridSize} groups of 1 to {_accelerator.MaxGroupSize} threads.");
        }
        if (config.GroupDim.LongSize > _accelerator.MaxNumThreadsPerGroup)
            throw new NotSupportedException($"The kernel '{_name}' was launched with {config.GroupDim.LongSize} threads in a group; the device has {_accelerator.MaxNumThreadsPerGroup}.");
    }
}

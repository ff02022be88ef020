namespace ILGPU.Runtime;

/// <summary>Hints for the compiler of a device. There is none here: they are checked and ignored.</summary>
public readonly struct KernelSpecialization
{
    public KernelSpecialization(int? maxNumThreadsPerGroup, int? minNumGroupsPerMultiprocessor)
    {
        if (maxNumThreadsPerGroup < 1)
            throw new ArgumentOutOfRangeException(nameof(maxNumThreadsPerGroup));
        if (minNumGroupsPerMultiprocessor < 1)
            throw new ArgumentOutOfRangeException(nameof(minNumGroupsPerMultiprocessor));
        MaxNumThreadsPerGroup = maxNumThreadsPerGroup;
        MinNumGroupsPerMultiprocessor = minNumGroupsPerMultiprocessor;
    }

    public int? MaxNumThreadsPerGroup { get; }
    public int? MinNumGroupsPerMultiprocessor { get; }

    public bool IsCompatibleWith(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        return MaxNumThreadsPerGroup == null || MaxNumThreadsPerGroup <= accelerator.MaxNumThreadsPerGroup;
    }
}

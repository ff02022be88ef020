namespace ILGPU.Runtime;

/// <summary>Kernels with groups of their own, launched on the default stream.</summary>
public static partial class KernelLoaders
{
    public static Action<KernelConfig, T1> LoadStreamKernel<T1>(this Accelerator accelerator, Action<T1> action)
        where T1 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1) => launch(accelerator.DefaultStream, config, p1);
    }

    public static Action<KernelConfig, T1, T2> LoadStreamKernel<T1, T2>(this Accelerator accelerator, Action<T1, T2> action)
        where T1 : struct where T2 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2) => launch(accelerator.DefaultStream, config, p1, p2);
    }

    public static Action<KernelConfig, T1, T2, T3> LoadStreamKernel<T1, T2, T3>(this Accelerator accelerator, Action<T1, T2, T3> action)
        where T1 : struct where T2 : struct where T3 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3) => launch(accelerator.DefaultStream, config, p1, p2, p3);
    }

    public static Action<KernelConfig, T1, T2, T3, T4> LoadStreamKernel<T1, T2, T3, T4>(this Accelerator accelerator, Action<T1, T2, T3, T4> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5> LoadStreamKernel<T1, T2, T3, T4, T5>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6> LoadStreamKernel<T1, T2, T3, T4, T5, T6>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6, p7) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6, p7);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7, T8> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6, p7, p8) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6, p7, p8);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6, p7, p8, p9) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6, p7, p8, p9);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> action, KernelSpecialization specialization)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct
        => specialization.IsCompatibleWith(accelerator)
            ? accelerator.LoadStreamKernel(action)
            : throw new NotSupportedException($"The kernel takes groups of up to {specialization.MaxNumThreadsPerGroup} threads; {accelerator.Name} has {accelerator.MaxNumThreadsPerGroup}.");

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11);
    }

    public static Action<KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> LoadStreamKernel<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(this Accelerator accelerator, Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> action)
        where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct where T11 : struct where T12 : struct
    {
        var launch = accelerator.LoadKernel(action);
        return (config, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12) => launch(accelerator.DefaultStream, config, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12);
    }
}

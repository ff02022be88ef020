namespace ILGPU;

public static class AlgorithmContext
{
    /// <summary>Lets kernels use XMath; here they always may.</summary>
    public static Context.Builder EnableAlgorithms(this Context.Builder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder;
    }
}

namespace ILGPU;

/// <summary>What the compiler of the real library is told.</summary>
public class ContextProperties
{
    protected internal ContextProperties() { }

    public OptimizationLevel OptimizationLevel { get; protected set; } = OptimizationLevel.Release;

    internal ContextProperties Copy() => new() { OptimizationLevel = OptimizationLevel };
}

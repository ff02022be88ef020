namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The vector operations that kernels are written in. A kernel is generic over <typeparamref name="V"/> (a
/// <c>Vector512/256/128&lt;float&gt;</c>) and the policy that implements this interface for it; the JIT compiles one
/// body per width and inlines every call, so that the abstraction costs nothing.
/// </summary>
/// <typeparam name="V">The vector of floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    static abstract V Load(float* source);

    static abstract void Store(V value, float* target);

    static abstract V Create(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a·b + c, fused where the machine can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The larger; where <paramref name="b"/> is NaN the result is NaN (x86 and ARM agree on that much).</summary>
    static abstract V Max(V a, V b);

    static abstract V Abs(V x);

    static abstract V Sqrt(V x);

    static abstract V Exp(V x);

    static abstract V Log(V x);

    /// <summary>A mask of the lanes with a &gt; b; false for NaN.</summary>
    static abstract V GreaterThan(V a, V b);

    /// <summary>A mask of the lanes that are NaN.</summary>
    static abstract V IsNaN(V x);

    /// <summary>A mask of the lanes set in either mask.</summary>
    static abstract V Or(V a, V b);

    static abstract V Select(V mask, V whenSet, V whenClear);

    /// <summary>The sum of the lanes, as a fixed tree.</summary>
    static abstract float Sum(V x);
}

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

    /// <summary>As many bytes as there are lanes, as numbers 0…255; no other memory is touched.</summary>
    static abstract V LoadBytes(byte* source);

    static abstract void Store(V value, float* target);

    /// <summary>Stores to an address that is a multiple of the vector's size, past the caches.</summary>
    static abstract void StoreNonTemporal(V value, float* target);

    /// <summary>The first <paramref name="count"/> lanes from memory, zero in the others; no other memory is touched.</summary>
    static abstract V LoadFirst(float* source, int count);

    /// <summary>Stores the first <paramref name="count"/> lanes; no other memory is touched.</summary>
    static abstract void StoreFirst(V value, float* target, int count);

    /// <summary>A mask of the first <paramref name="count"/> lanes.</summary>
    static abstract V FirstLanes(int count);

    static abstract V Create(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a·b + c, fused where the machine can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The larger; where <paramref name="b"/> is NaN the result is NaN (x86 and ARM agree on that much).</summary>
    static abstract V Max(V a, V b);

    /// <summary>The smaller; where <paramref name="b"/> is NaN the result is NaN.</summary>
    static abstract V Min(V a, V b);

    static abstract V Abs(V x);

    static abstract V Sqrt(V x);

    /// <summary>The nearest whole number, halves to even.</summary>
    static abstract V Round(V x);

    /// <summary>2ⁿ for a whole n in [−126, 127].</summary>
    static abstract V PowerOfTwo(V n);

    /// <summary>For a positive normal x: m in [√½, √2) and a whole e with x = m·2ᵉ.</summary>
    static abstract V Split(V x, out V exponent);

    /// <summary>A mask of the lanes with a &gt; b; false for NaN.</summary>
    static abstract V GreaterThan(V a, V b);

    /// <summary>A mask of the lanes that are NaN.</summary>
    static abstract V IsNaN(V x);

    /// <summary>A mask of the lanes set in either mask.</summary>
    static abstract V Or(V a, V b);

    static abstract V Select(V mask, V whenSet, V whenClear);

    /// <summary>The even lanes of a, then those of b.</summary>
    static abstract V Even(V a, V b);

    /// <summary>The odd lanes of a, then those of b.</summary>
    static abstract V Odd(V a, V b);

    /// <summary>Undoes <see cref="Even"/> and <see cref="Odd"/>: the first half of even₀ odd₀ even₁ odd₁ ….</summary>
    static abstract V InterleaveFirst(V even, V odd);

    /// <summary>The second half of even₀ odd₀ even₁ odd₁ ….</summary>
    static abstract V InterleaveSecond(V even, V odd);

    /// <summary>The sum of the lanes, as a fixed tree.</summary>
    static abstract float Sum(V x);
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Random numbers as a function of a key and a counter: the same on every backend, in any order, on any number of
/// threads, and again in the backward pass.
/// </summary>
/// <remarks>
/// Two rounds of a 32-bit mixing function with low bias (the constants are those found by C. Wellons' hash prospector,
/// public domain); 32-bit multiplications and shifts run in the lanes of any vector unit and on any GPU.
/// </remarks>
public static class CounterRandom
{
    /// <summary>The key of one use of random numbers in one step of one training run.</summary>
    public static ulong Key(ulong seed, int salt, long step)
    {
        var z = seed + (0x9E3779B97F4A7C15ul * (ulong)(uint)salt) + (0xD1B54A32D192ED03ul * (ulong)step);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
        return z ^ (z >> 31);
    }

    /// <summary>32 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bits(ulong key, uint counter) => Mix(Mix(counter ^ (uint)key) + (uint)(key >> 32));

    /// <summary>A random number at least 0 and below 1, of 53 random bits.</summary>
    public static double Uniform(ulong key, uint counter)
        => ((((ulong)Bits(key, 2 * counter) << 32) | Bits(key, (2 * counter) + 1)) >> 11) * (1.0 / (1ul << 53));

    /// <summary>A random number of the standard normal distribution (Box &amp; Muller 1958).</summary>
    public static double Normal(ulong key, uint counter)
    {
        var (u, v) = (Uniform(key, 2 * counter), Uniform(key, (2 * counter) + 1));
        return Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * v);
    }

    /// <summary>A random order of 0…<paramref name="count"/>−1 (Fisher &amp; Yates).</summary>
    public static int[] Permutation(ulong key, int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var j = (int)(Uniform(key, (uint)i) * (i + 1));
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7FEB352Du;
        x = (x ^ (x >> 15)) * 0x846CA68Bu;
        return x ^ (x >> 16);
    }
}

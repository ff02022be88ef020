using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>A native array between guards that must not change: kernels that write outside of it are caught.</summary>
internal sealed unsafe class Floats : IDisposable
{
    private const int Guard = 64;
    private const float GuardValue = 12345.678f;

    private readonly float* _memory;

    public Floats(nint count)
    {
        Count = count;
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)(count + (2 * Guard)) * sizeof(float), 64);
        new Span<float>(_memory, (int)count + (2 * Guard)).Fill(GuardValue);
        Span.Clear();
    }

    public nint Count { get; }

    public float* Pointer => _memory + Guard;

    public Span<float> Span => new(Pointer, (int)Count);

    public ref float this[nint index] => ref Pointer[index];

    public static implicit operator float*(Floats floats) => floats.Pointer;

    public static Floats Random(nint count, int seed, float low = -1f, float high = 1f)
    {
        var random = new Random(seed);
        var floats = new Floats(count);
        foreach (ref var value in floats.Span)
            value = low + ((high - low) * random.NextSingle());
        return floats;
    }

    public Floats Copy()
    {
        var copy = new Floats(Count);
        Span.CopyTo(copy.Span);
        return copy;
    }

    public void CheckGuards()
    {
        for (var i = 0; i < Guard; i++)
        {
            Assert.Equal(GuardValue, _memory[i]);
            Assert.Equal(GuardValue, _memory[Guard + Count + i]);
        }
    }

    /// <summary>Every element within the tolerance, relative to the larger of 1 and the expected magnitude.</summary>
    public void AssertClose(Func<nint, double> expected, double tolerance)
    {
        CheckGuards();
        for (nint i = 0; i < Count; i++)
        {
            var want = expected(i);
            var error = Math.Abs(this[i] - want);
            Assert.True(error <= tolerance * Math.Max(1, Math.Abs(want)), $"Element {i}: expected {want}, got {this[i]}.");
        }
    }

    public void AssertSameBits(Floats other)
    {
        CheckGuards();
        Assert.True(MemoryMarshal.AsBytes(Span).SequenceEqual(MemoryMarshal.AsBytes(other.Span)), "The bits differ.");
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

/// <summary>Pools that tests compare with each other.</summary>
internal static class Pools
{
    public static readonly WorkerPool One = new(1);
    public static readonly WorkerPool Two = new(2);
    public static readonly WorkerPool Seven = new(7);

    /// <summary>Runs the same work on 1, 2 and 7 threads; all must give the bits of the first, which is returned.</summary>
    public static Floats SameOnAll(Func<WorkerPool, Floats> work)
    {
        var expected = work(One);
        foreach (var pool in new[] { Two, Seven })
        {
            for (var repeat = 0; repeat < 3; repeat++)
            {
                using var actual = work(pool);
                actual.AssertSameBits(expected);
            }
        }

        return expected;
    }
}

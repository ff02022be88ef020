using ILGPU;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Dropout. Idea: one thread an element; its bits follow from the key of the step and its index (<see cref="CounterRandom"/>), in 32-bit
/// arithmetic, so that masks are those of every other backend.
/// </summary>
public static class DropoutKernel
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, DropoutMask> _drop = Drop;

    internal static Kernel Find(OpSignature signature, KernelCache kernels)
    {
        var op = (DropoutOp)signature.Op;
        var unit = op.Unit(signature.Output.Shape);
        var drop = kernels.Each(_drop);
        return kernels.Step("dropout", call =>
        {
            var key = CounterRandom.Key(call.State.Seed, op.Salt, call.State.Step);
            var mask = new DropoutMask { KeyLow = (uint)key, KeyHigh = (uint)(key >> 32), Threshold = op.Threshold, Unit = unit, Scale = op.Scale };
            drop(call.Count(), call.Input(0), call.Output(), mask);
        });
    }

    /// <summary>y = 0, or x·scale.</summary>
    public static void Drop(Index1D i, ArrayView<float> x, ArrayView<float> y, DropoutMask mask)
    {
        var bits = Mix(Mix((uint)(i / mask.Unit) ^ mask.KeyLow) + mask.KeyHigh);
        y[i] = bits < mask.Threshold ? 0f : x[i] * mask.Scale;
    }

    private static uint Mix(uint x)
    {
        var a = (x ^ (x >> 16)) * 0x7FEB352Du;
        var b = (a ^ (a >> 15)) * 0x846CA68Bu;
        return b ^ (b >> 16);
    }
}

/// <summary>The mask of one step.</summary>
public struct DropoutMask
{
    /// <summary>The key of the step, and the bits below which an element becomes zero.</summary>
    public uint KeyLow, KeyHigh, Threshold;

    /// <summary>The neighbouring elements that are dropped together.</summary>
    public Divisor Unit;

    /// <summary>What the other elements are multiplied by.</summary>
    public float Scale;
}

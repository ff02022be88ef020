using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>What follows the sums of an output.</summary>
/// <param name="Plane">The elements of a channel.</param>
/// <param name="Channels">The channels of a sample.</param>
internal sealed record Epilogue(int Plane = 1, int Channels = 1)
{
    /// <summary>What sums are multiplied by.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>The input that has a number to add for each channel, or null.</summary>
    public int? BiasInput { get; init; }

    /// <summary>The input that is added, or null.</summary>
    public int? AddendInput { get; init; }

    /// <summary>Whether negative results become zero.</summary>
    public bool Relu { get; init; }

    /// <summary>The same for kernels: 1 or 0.</summary>
    public (int Bias, int Adds, int Relu) Flags => (BiasInput != null ? 1 : 0, AddendInput != null ? 1 : 0, Relu ? 1 : 0);

    /// <summary>Whether nothing follows.</summary>
    public bool IsEmpty => this == new Epilogue(Plane, Channels);

    /// <summary>The bias in a step, or anything.</summary>
    public ArrayView<float> BiasOf(KernelCall call) => BiasInput is { } input ? call.Input(input) : call.Output();

    /// <summary>What is added in a step, or anything.</summary>
    public ArrayView<float> AddendOf(KernelCall call) => AddendInput is { } input ? call.Input(input) : call.Output();
}

/// <summary>
/// The second launch of a sum that was split among groups, or that a vendor's library made: it adds the parts in a fixed order, and does what follows. Idea: one thread an
/// element, or several lanes where parts are many.
/// </summary>
internal sealed class Finish(KernelCache kernels)
{
    private const int FewParts = 8, PartsOfALane = 4, Width = 32;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, FinishShape> _finish = FinishKernel.Run;

    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, FinishShape> _launch = kernels.Groups(_finish);

    /// <summary>Finishes the output of a step.</summary>
    /// <param name="call">The step.</param>
    /// <param name="parts">The parts, each as long as the output; the output itself where there is one.</param>
    /// <param name="splits">How many they are.</param>
    /// <param name="epilogue">What follows.</param>
    public void Run(KernelCall call, ArrayView<float> parts, int splits, Epilogue epilogue)
    {
        var (y, count, flags) = (call.Output(), call.Count(), epilogue.Flags);
        var group = splits <= FewParts ? new Index2D(LaneSum.Threads, 1) : LaneSum.GroupOf(Width, splits / PartsOfALane);
        var shape = new FinishShape
        {
            Plane = epilogue.Plane,
            Channels = epilogue.Channels,
            Count = count,
            Splits = splits,
            Scale = epilogue.Scale,
            Bias = flags.Bias,
            Adds = flags.Adds,
            Relu = flags.Relu,
        };
        _launch(new KernelConfig(new Index2D((count + group.X - 1) / group.X, 1), group), parts, epilogue.BiasOf(call), epilogue.AddendOf(call), y, shape);
    }
}

/// <summary>The kernel of <see cref="Finish"/>.</summary>
public static class FinishKernel
{
    /// <summary>The elements of one group.</summary>
    public static void Run(ArrayView<float> parts, ArrayView<float> bias, ArrayView<float> addend, ArrayView<float> y, FinishShape shape)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var i = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var value = 0f;
        if (i < shape.Count)
        {
            for (var split = Group.IdxY; split < shape.Splits; split += Group.DimY)
                value += parts[(split * shape.Count) + i];
        }

        value = LaneSum.OfFirst(shared, value) * shape.Scale;
        if (Group.IdxY > 0 || i >= shape.Count)
            return;
        if (shape.Bias != 0)
            value += bias[i / shape.Plane % shape.Channels];
        if (shape.Adds != 0)
            value += addend[i];
        y[i] = shape.Relu != 0 && value < 0f ? 0f : value;
    }
}

/// <summary>An output, its parts, and what follows.</summary>
public struct FinishShape
{
    /// <summary>The elements of a channel, and the channels of a sample.</summary>
    public Divisor Plane, Channels;

    /// <summary>The elements, and the parts.</summary>
    public int Count, Splits;

    /// <summary>What sums are multiplied by.</summary>
    public float Scale;

    /// <summary>Whether there is a bias, an addition, a ReLU: 1 or 0.</summary>
    public int Bias, Adds, Relu;
}

using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>What follows a product by a vendor's library, in place. Idea: one thread an element.</summary>
/// <param name="Plane">The elements of a channel.</param>
/// <param name="Channels">The channels of a sample.</param>
internal sealed record Epilogue(int Plane, int Channels)
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, EpilogueShape> _finish = EpilogueKernel.Finish;

    /// <summary>The input that has a number to add for each channel, or null.</summary>
    public int? BiasInput { get; init; }

    /// <summary>The input that is added, or null.</summary>
    public int? AddendInput { get; init; }

    /// <summary>Whether negative results become zero.</summary>
    public bool Relu { get; init; }

    /// <summary>What launches it; null where nothing follows.</summary>
    public Action<KernelCall>? Load(KernelCache kernels)
    {
        if (BiasInput == null && AddendInput == null && !Relu)
            return null;
        var finish = kernels.Each(_finish);
        var shape = new EpilogueShape { Plane = Plane, Channels = Channels, Bias = BiasInput != null ? 1 : 0, Adds = AddendInput != null ? 1 : 0, Relu = Relu ? 1 : 0 };
        return call =>
        {
            var y = call.Output();
            finish(call.Count(), y, BiasInput is { } bias ? call.Input(bias) : y, AddendInput is { } addend ? call.Input(addend) : y, shape);
        };
    }
}

/// <summary>The kernel of <see cref="Epilogue"/>.</summary>
public static class EpilogueKernel
{
    /// <summary>One element of y.</summary>
    public static void Finish(Index1D i, ArrayView<float> y, ArrayView<float> bias, ArrayView<float> addend, EpilogueShape shape)
    {
        var value = y[i];
        if (shape.Bias != 0)
            value += bias[i / shape.Plane % shape.Channels];
        if (shape.Adds != 0)
            value += addend[i];
        y[i] = shape.Relu != 0 && value < 0f ? 0f : value;
    }
}

/// <summary>What follows a product, and where its channels lie.</summary>
public struct EpilogueShape
{
    /// <summary>The elements of a channel, and the channels of a sample.</summary>
    public Divisor Plane, Channels;

    /// <summary>Whether there is a bias, an addition, a ReLU: 1 or 0.</summary>
    public int Bias, Adds, Relu;
}

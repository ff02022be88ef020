using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Softmax over the channels of each place, its kin and their gradients. Idea: the lanes of a group share the channels of a place; where channels are few
/// or places are neighbours, a group has one lane for each of many places instead. The largest is subtracted first, so that nothing overflows.
/// </summary>
public static class SoftmaxKernels
{
    /// <summary>So many channels are one thread's work.</summary>
    private const int ChannelsOfAThread = 32;

    private static readonly Action<ArrayView<float>, ArrayView<float>, Places, SpecializedValue<int>> _softmax = Softmax;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, Places, SpecializedValue<int>> _gradient = Gradient;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Places> _crossEntropy = CrossEntropy;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Places> _crossEntropyGradient = CrossEntropyGradient;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, Places> _correct = Correct;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var shape = signature.Inputs[0].Shape;
        switch (signature.Op)
        {
            case SoftmaxOp or LogSoftmaxOp:
                var (softmax, log) = (kernels.Groups(_softmax), signature.Op is LogSoftmaxOp ? 1 : 0);
                return kernels.Step("softmax", call => softmax(Launch(call), call.Input(0), call.Output(), PlacesOf(call), new(log)));

            case SoftmaxGradientOp or LogSoftmaxGradientOp:
                var (gradient, ofLog) = (kernels.Groups(_gradient), signature.Op is LogSoftmaxGradientOp ? 1 : 0);
                return kernels.Step("softmax", call => gradient(Launch(call), call.Input(0), call.Input(1), call.Output(), PlacesOf(call), new(ofLog)));

            case SoftmaxCrossEntropyOp:
                var crossEntropy = kernels.Groups(_crossEntropy);
                return kernels.Step("softmax", call => crossEntropy(Launch(call), call.Input(0), call.Input(1), call.Input(2), call.Output(), PlacesOf(call)));

            case SoftmaxCrossEntropyGradientOp:
                var lossGradient = kernels.Each(_crossEntropyGradient);
                return kernels.Step("softmax", call => lossGradient(call.Count(), call.Input(0), call.Input(1), call.Input(2), call.Output(), PlacesOf(call)));

            case CorrectPredictionsOp:
                var correct = kernels.Each(_correct);
                return kernels.Step("largest", call => correct(call.Count(), call.Input(0), call.Input(1), call.Output(), PlacesOf(call)));

            default:
                return null;
        }

        Places PlacesOf(KernelCall call) => new() { Count = call.Batch * shape.Plane, Channels = shape.C, Plane = shape.Plane };

        KernelConfig Launch(KernelCall call)
        {
            var places = call.Batch * shape.Plane;
            var group = shape.C <= ChannelsOfAThread || shape.Plane >= 32
                ? LaneSum.GroupOf(Math.Min(64, places), 1)
                : LaneSum.GroupOf(1, shape.C / 4);
            return new KernelConfig(new Index2D((places + group.X - 1) / group.X, 1), group);
        }
    }

    /// <summary>eˣ/Σ eˣ, or x − log Σ eˣ.</summary>
    public static void Softmax(ArrayView<float> x, ArrayView<float> y, Places places, SpecializedValue<int> log)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var place = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var channels = place < places.Count ? places.Channels.Value : 0;
        var start = places.StartOf(place);
        var largest = LaneSum.Largest(shared, LargestOf(x, start, channels, places.Plane));
        var sum = LaneSum.OfAll(shared, SumOfExponentials(x, start, channels, places.Plane, largest));
        for (var channel = Group.IdxY; channel < channels; channel += Group.DimY)
        {
            var i = start + (channel * places.Plane);
            y[i] = log.Value != 0 ? x[i] - largest - XMath.Log(sum) : XMath.Exp(x[i] - largest) / sum;
        }
    }

    /// <summary>y·(dY − Σ dY·y) of a softmax, dY − e^y·Σ dY of its logarithm.</summary>
    public static void Gradient(ArrayView<float> y, ArrayView<float> dY, ArrayView<float> dX, Places places, SpecializedValue<int> log)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var place = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var channels = place < places.Count ? places.Channels.Value : 0;
        var start = places.StartOf(place);
        var dot = 0f;
        for (var channel = Group.IdxY; channel < channels; channel += Group.DimY)
        {
            var i = start + (channel * places.Plane);
            dot += log.Value != 0 ? dY[i] : dY[i] * y[i];
        }

        dot = LaneSum.OfAll(shared, dot);
        for (var channel = Group.IdxY; channel < channels; channel += Group.DimY)
        {
            var i = start + (channel * places.Plane);
            dX[i] = log.Value != 0 ? dY[i] - (XMath.Exp(y[i]) * dot) : y[i] * (dY[i] - dot);
        }
    }

    /// <summary>max x − x[target] − log max p, which is −log p[target] of p = softmax(x); NaN where the target is no class.</summary>
    public static void CrossEntropy(ArrayView<float> x, ArrayView<float> target, ArrayView<float> p, ArrayView<float> loss, Places places)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var place = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var channels = place < places.Count ? places.Channels.Value : 0;
        var start = places.StartOf(place);
        var largest = LaneSum.Largest(shared, LargestOf(x, start, channels, places.Plane));
        var certainty = LaneSum.Largest(shared, LargestOf(p, start, channels, places.Plane));
        if (Group.IdxY == 0 && channels > 0)
        {
            var right = (int)target[place];
            loss[place] = right >= 0 && right < channels ? largest - x[start + (right * places.Plane)] - XMath.Log(certainty) : float.NaN;
        }
    }

    /// <summary>(p − onehot(target))·dLoss.</summary>
    public static void CrossEntropyGradient(
        Index1D i, ArrayView<float> p, ArrayView<float> target, ArrayView<float> dLoss, ArrayView<float> dX, Places places)
    {
        var row = i / places.Plane;
        var sample = row / places.Channels;
        var place = (sample * places.Plane) + i - (row * places.Plane);
        var right = row - (sample * places.Channels) == (int)target[place] ? 1f : 0f;
        dX[i] = (p[i] - right) * dLoss[place];
    }

    /// <summary>1 where the largest logit, the first of equal ones, is that of the right class.</summary>
    public static void Correct(Index1D place, ArrayView<float> x, ArrayView<float> target, ArrayView<float> correct, Places places)
    {
        var start = places.StartOf(place);
        var best = 0;
        for (var channel = 1; channel < places.Channels; channel++)
        {
            if (x[start + (channel * places.Plane)] > x[start + (best * places.Plane)])
                best = channel;
        }

        correct[place] = best == (int)target[place] ? 1f : 0f;
    }

    private static float LargestOf(ArrayView<float> x, int start, int channels, int plane)
    {
        var largest = float.NegativeInfinity;
        for (var channel = Group.IdxY; channel < channels; channel += Group.DimY)
        {
            var value = x[start + (channel * plane)];
            largest = value > largest ? value : largest;
        }

        return largest;
    }

    private static float SumOfExponentials(ArrayView<float> x, int start, int channels, int plane, float largest)
    {
        var sum = 0f;
        for (var channel = Group.IdxY; channel < channels; channel += Group.DimY)
            sum += XMath.Exp(x[start + (channel * plane)] - largest);
        return sum;
    }
}

/// <summary>The places of an activation, each with its channels.</summary>
public struct Places
{
    /// <summary>The number of places.</summary>
    public int Count;

    /// <summary>The channels of a place, and the places of one sample.</summary>
    public Divisor Channels, Plane;

    /// <summary>Where the first channel of a place lies.</summary>
    public readonly int StartOf(int place)
    {
        var sample = place / Plane;
        return (sample * Channels * Plane) + place - (sample * Plane);
    }
}

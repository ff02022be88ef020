using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Two sums for each channel over all samples and places: those of batch statistics, or those of a normalisation's parameter gradients. Idea: one pass over
/// the distances from a number near the mean (of statistics) or from the mean itself (of gradients), so that a large mean costs no digits; the lanes
/// of a group share a channel, or groups are 32 channels wide where a plane is one element. Channels are split among groups, and a second
/// launch adds the parts in a fixed order.
/// </summary>
public static class ChannelSums
{
    /// <summary>The sums of distances and of their squares.</summary>
    internal const int OfStatistics = 0;

    /// <summary>The sums of dY·(x − mean) and of dY.</summary>
    internal const int OfGradients = 1;

    /// <summary>The same, where a ReLU after the normalisation let something through.</summary>
    internal const int OfGradientsAfterRelu = 2;

    /// <summary>So many values of the first sample are averaged for the number that distances are taken from.</summary>
    private const int ShiftValues = 16;

    private static readonly Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape, SpecializedValue<int>> _sum = Sum;

    internal static Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape, SpecializedValue<int>> Load(
        KernelCache kernels) => kernels.Groups(_sum);

    /// <summary>The parts of one split: two for each channel, the first of all channels before the second.</summary>
    /// <param name="x">x.</param>
    /// <param name="dY">dY, or anything.</param>
    /// <param name="affine">The mean, the scale γ/σ and the shift β of each channel, or anything.</param>
    /// <param name="parts">Where the parts go.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="sums">Which sums.</param>
    public static void Sum(
        ArrayView<float> x, ArrayView<float> dY, ArrayView<float> affine, ArrayView<float> parts, ChannelShape shape, SpecializedValue<int> sums)
    {
        var shared = SharedMemory.Allocate<float>(LaneSum.Threads);
        var channel = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var pair = default(SumPair);
        if (channel < shape.Channels)
        {
            var mean = sums.Value == OfStatistics ? Shift(x, shape, channel) : affine[channel];
            var scale = sums.Value == OfGradientsAfterRelu ? affine[shape.Channels + channel] : 0f;
            var shift = sums.Value == OfGradientsAfterRelu ? affine[(2 * shape.Channels) + channel] : 0f;
            var end = TileMath.Least((Grid.IdxY + 1) * shape.Chunk, shape.Terms);
            var step = shape.Quads != 0 ? 4 : 1;
            for (var term = (Grid.IdxY * shape.Chunk) + (Group.IdxY * step); term < end; term += Group.DimY * step)
            {
                var place = shape.PlaceOf(channel, term);
                if (shape.Quads == 0)
                {
                    pair = pair.Plus(x[place] - mean, sums.Value == OfStatistics ? 0f : dY[place], scale, shift, sums.Value);
                }
                else
                {
                    var (values, gradients) = (x.Quad(place >> 2), sums.Value == OfStatistics ? default : dY.Quad(place >> 2));
                    pair = pair.Plus(values.X - mean, gradients.X, scale, shift, sums.Value).Plus(values.Y - mean, gradients.Y, scale, shift, sums.Value)
                        .Plus(values.Z - mean, gradients.Z, scale, shift, sums.Value).Plus(values.W - mean, gradients.W, scale, shift, sums.Value);
                }
            }
        }

        var firstOfAll = LaneSum.OfAll(shared, pair.First);
        var secondOfAll = LaneSum.OfAll(shared, pair.Second);
        if (Group.IdxY == 0 && channel < shape.Channels)
        {
            var part = Grid.IdxY * 2 * shape.Channels;
            parts[part + channel] = firstOfAll;
            parts[part + shape.Channels + channel] = secondOfAll;
        }
    }

    /// <summary>The mean of the first values of a channel, which its distances are taken from.</summary>
    internal static float Shift(ArrayView<float> x, ChannelShape shape, int channel)
    {
        var count = TileMath.Least(ShiftValues, shape.Plane);
        var sum = 0f;
        for (var i = 0; i < count; i++)
            sum += x[(channel * shape.Plane) + i];
        return sum / count;
    }

    /// <summary>One of the two sums of a channel, from all splits.</summary>
    internal static float Total(ArrayView<float> parts, ChannelShape shape, int channel, int which)
    {
        var sum = 0f;
        for (var split = 0; split < shape.Splits; split++)
            sum += parts[(((2 * split) + which) * shape.Channels) + channel];
        return sum;
    }
}

/// <summary>The two sums of a thread.</summary>
public struct SumPair
{
    /// <summary>The sums.</summary>
    public float First, Second;

    /// <summary>These and what one element adds.</summary>
    /// <param name="distance">The element's distance from the mean.</param>
    /// <param name="dY">The gradient there, or anything.</param>
    /// <param name="scale">γ/σ, or anything.</param>
    /// <param name="shift">β, or anything.</param>
    /// <param name="sums">Which sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly SumPair Plus(float distance, float dY, float scale, float shift, int sums)
    {
        if (sums == ChannelSums.OfStatistics)
            return new() { First = First + distance, Second = Second + (distance * distance) };
        var gradient = sums == ChannelSums.OfGradients || (scale * distance) + shift > 0f ? dY : 0f;
        return new() { First = First + (gradient * distance), Second = Second + gradient };
    }
}

/// <summary>The extents of an activation as channels, and how their sums are split.</summary>
public struct ChannelShape
{
    /// <summary>The channels, and the elements of a plane.</summary>
    public Divisor Channels, Plane;

    /// <summary>The terms of a channel, those of one split, and the splits.</summary>
    public int Terms, Chunk, Splits;

    /// <summary>Whether a thread takes four neighbours at once, which are of one channel: 1 or 0.</summary>
    public int Quads;

    /// <summary>ε.</summary>
    public float Epsilon;

    /// <summary>The extents for a run.</summary>
    internal static ChannelShape Of(Shape shape, KernelCall call, float epsilon = 0)
    {
        var channels = Of(shape, call.Batch, epsilon);
        channels.Quads = call.IsInQuads(shape.Plane) ? 1 : 0;
        return channels;
    }

    /// <summary>The extents for so many samples.</summary>
    internal static ChannelShape Of(Shape shape, int batch, float epsilon = 0)
    {
        var channels = new ChannelShape { Channels = shape.C, Plane = shape.Plane, Terms = batch * shape.Plane, Epsilon = epsilon };
        channels.Splits = LaneSum.Splits(shape.C, channels.Terms, channels.Group);
        channels.Chunk = (channels.Terms + (4 * channels.Splits) - 1) / (4 * channels.Splits) * 4;
        return channels;
    }

    /// <summary>The threads of a group: lanes of one channel, or of 32 where they are neighbours.</summary>
    internal readonly Index2D Group => LaneSum.GroupOf(Plane == 1 ? Math.Min(32, Channels) : 1, Terms / LaneSum.TermsOfAThread);

    /// <summary>The launch of sums of all channels.</summary>
    internal readonly KernelConfig Launch => new(new Index2D((Channels + Group.X - 1) / Group.X, Splits), Group);

    /// <summary>Where a term of a channel lies.</summary>
    public readonly int PlaceOf(int channel, int term)
    {
        var sample = term / Plane;
        return (((sample * Channels) + channel) * Plane) + term - (sample * Plane);
    }

    /// <summary>The channel of an element.</summary>
    public readonly int ChannelOf(int element) => element / Plane % Channels;
}

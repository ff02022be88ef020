using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// N samples × C channels × inner positions, in this order in memory; or N × C/lanes × inner × lanes, where lanes, if there are any, are
/// channels and as many as a vector has.
/// </summary>
internal readonly record struct ChannelShape(int Batch, int Channels, nint Inner, int Lanes = 1)
{
    /// <summary>The planes of one channel, or of a vector of channels.</summary>
    public nint Planes => (nint)Batch * Blocks;

    /// <summary>The planes of a sample.</summary>
    public int Blocks => Channels / Lanes;

    /// <summary>The elements of a plane.</summary>
    public nint PlaneSize => Inner * Lanes;

    public nint Count => Planes * PlaneSize;

    /// <summary>The first element of a channel.</summary>
    public nint First(int channel) => (channel / Lanes * PlaneSize) + (channel % Lanes);
}

/// <summary>Up to five numbers a channel; an array that is null reads as zero.</summary>
internal readonly unsafe struct ChannelValues(float* a, float* b = null, float* c = null, float* d = null, float* e = null)
{
    public readonly float* A = a;
    public readonly float* B = b;
    public readonly float* C = c;
    public readonly float* D = d;
    public readonly float* E = e;
}

/// <summary>One vector's worth of a loop that knows its channel's numbers.</summary>
internal interface IChannelBody
{
    /// <summary>Handles the elements from <paramref name="i"/> on, whose channels' numbers are a, b, c, d, e.</summary>
    void Step<S, V, L>(nint i, V a, V b, V c, V d, V e, L lanes)
        where S : struct, ISimd<V>
        where V : struct
        where L : struct, ILanes<V>;
}

/// <summary>
/// Element-wise loops with numbers of the channel. Idea: over a plane a channel's numbers are the same, so they are
/// broadcast once; where lanes are channels, because a plane is one element (dense layers) or by its layout, the numbers are loaded.
/// Layout: N×C×inner, or N×(C/L)×inner×L. Lanes: positions of a plane, or channels.
/// </summary>
internal static unsafe class ChannelLoop
{
    public static void Run<B>(WorkerPool pool, ChannelShape shape, ChannelValues values, B body)
        where B : struct, IChannelBody
    {
        var job = new Job<B>(shape, values, body);
        pool.RunVectors(job.Chunks, job);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<V, L>(float* values, nint channel, L lanes)
        where V : struct
        where L : struct, ILanes<V> => values == null ? default : lanes.Load(values + channel);

    /// <summary>So many rows (inner = 1) or planes a chunk that it is worth a dispatch.</summary>
    private readonly struct Job<B>(ChannelShape shape, ChannelValues values, B body) : IVectorJob
        where B : struct, IChannelBody
    {
        private readonly bool _lanesAreChannels = shape.Inner == 1 && shape.Lanes == 1;

        private nint Unit => _lanesAreChannels ? shape.Channels : shape.PlaneSize;

        private nint Units => _lanesAreChannels ? shape.Batch : shape.Planes;

        private nint PerChunk => Math.Max(1, VectorLoop.ChunkSize / Unit);

        public int Chunks => (int)((Units + PerChunk - 1) / PerChunk);

        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var start = chunk * PerChunk;
            var end = Math.Min(Units, start + PerChunk);
            if (_lanesAreChannels)
                Rows<S, V>(start, end);
            else
                Planes<S, V>(start, end);
        }

        [MethodImpl(Hot.Loop)]
        private void Planes<S, V>(nint start, nint end)
            where S : struct, ISimd<V>
            where V : struct
        {
            var step = body;
            for (var plane = start; plane < end; plane++)
            {
                var channel = plane % shape.Blocks * shape.Lanes;
                var a = Values<S, V>(values.A, channel);
                var b = Values<S, V>(values.B, channel);
                var c = Values<S, V>(values.C, channel);
                var d = Values<S, V>(values.D, channel);
                var e = Values<S, V>(values.E, channel);
                var i = plane * shape.PlaneSize;
                var last = i + shape.PlaneSize;
                for (; i <= last - S.Count; i += S.Count)
                    step.Step<S, V, FullLanes<S, V>>(i, a, b, c, d, e, default);
                if (i < last)
                    step.Step<S, V, PartialLanes<S, V>>(i, a, b, c, d, e, new PartialLanes<S, V>((int)(last - i)));
            }
        }

        [MethodImpl(Hot.Loop)]
        private void Rows<S, V>(nint start, nint end)
            where S : struct, ISimd<V>
            where V : struct
        {
            var step = body;
            for (var row = start; row < end; row++)
            {
                nint channel = 0;
                for (; channel <= shape.Channels - S.Count; channel += S.Count)
                    RowStep<S, V, FullLanes<S, V>>(step, row, channel, default);
                if (channel < shape.Channels)
                    RowStep<S, V, PartialLanes<S, V>>(step, row, channel, new PartialLanes<S, V>((int)(shape.Channels - channel)));
            }
        }

        /// <summary>The number of a plane's channel in every lane, or those of its channels.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private V Values<S, V>(float* numbers, nint channel)
            where S : struct, ISimd<V>
            where V : struct => numbers == null ? default : shape.Lanes == 1 ? S.Create(numbers[channel]) : S.Load(numbers + channel);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void RowStep<S, V, L>(B step, nint row, nint channel, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var a = Load<V, L>(values.A, channel, lanes);
            var b = Load<V, L>(values.B, channel, lanes);
            var c = Load<V, L>(values.C, channel, lanes);
            var d = Load<V, L>(values.D, channel, lanes);
            var e = Load<V, L>(values.E, channel, lanes);
            step.Step<S, V, L>((row * shape.Channels) + channel, a, b, c, d, e, lanes);
        }
    }
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Adds one vector's worth of terms to two running sums of a channel.</summary>
internal interface IChannelTerms
{
    /// <summary>Lanes that are not there must add zero: <c>lanes.Fill(term, 0f)</c> where a zero load does not see to it.</summary>
    void Add<S, V, L>(nint i, V a, V b, V c, L lanes, ref V first, ref V second)
        where S : struct, ISimd<V>
        where V : struct
        where L : struct, ILanes<V>;
}

/// <summary>
/// Two sums a channel over N×C×inner, in one pass. Idea: samples are cut into groups by shape alone; every (channel,
/// group) yields a partial sum, and partial sums are added in order, in double. Where a plane is one element lanes are
/// channels and a group's rows are added lane by lane; by their layout lanes may be channels too. Layout: N×C×inner, or N×(C/L)×inner×L.
/// Lanes: positions of a plane, or channels.
/// </summary>
internal static unsafe class ChannelReduction
{
    /// <summary>Sums the terms of every channel; <paramref name="second"/> may be null.</summary>
    public static void Run<T>(WorkerPool pool, ChannelShape shape, ChannelValues values, T terms, float* first, float* second)
        where T : struct, IChannelTerms
    {
        var samplesPerGroup = (int)Math.Clamp(VectorLoop.ChunkSize / Math.Max(1, shape.PlaneSize), 1, Math.Max(1, shape.Batch));
        var groups = GemmBlocking.DivideRoundingUp(shape.Batch, samplesPerGroup);
        var stride = (nint)groups * shape.Channels;
        var partials = Scratch.Get(ScratchUse.Reduction, Math.Max(1, 2 * stride));
        var job = new Job<T>(shape, values, terms, samplesPerGroup, groups, partials, partials + stride);
        pool.RunVectors(job.Chunks, job);

        for (var channel = 0; channel < shape.Channels; channel++)
        {
            double sumFirst = 0, sumSecond = 0;
            for (var group = 0; group < groups; group++)
            {
                sumFirst += partials[((nint)group * shape.Channels) + channel];
                sumSecond += partials[stride + ((nint)group * shape.Channels) + channel];
            }

            first[channel] = (float)sumFirst;
            if (second != null)
                second[channel] = (float)sumSecond;
        }
    }

    private readonly struct Job<T>(
        ChannelShape shape, ChannelValues values, T terms, int samplesPerGroup, int groups, float* first, float* second) : IVectorJob
        where T : struct, IChannelTerms
    {
        /// <summary>A chunk of rows covers so many channels: a multiple of every width.</summary>
        private const int ChannelsPerChunk = 64;

        private readonly bool _lanesAreChannels = shape.Inner == 1 && shape.Lanes == 1;

        private int Across => _lanesAreChannels ? GemmBlocking.DivideRoundingUp(shape.Channels, ChannelsPerChunk) : shape.Blocks;

        public int Chunks => groups * Across;

        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (group, across) = Math.DivRem(chunk, Across);
            var startSample = group * samplesPerGroup;
            var endSample = Math.Min(shape.Batch, startSample + samplesPerGroup);
            if (!_lanesAreChannels)
            {
                Planes<S, V>(group, across, startSample, endSample);
                return;
            }

            var end = Math.Min(shape.Channels, (across + 1) * ChannelsPerChunk);
            var channel = across * ChannelsPerChunk;
            for (; channel <= end - S.Count; channel += S.Count)
                Rows<S, V, FullLanes<S, V>>(group, channel, startSample, endSample, default);
            if (channel < end)
                Rows<S, V, PartialLanes<S, V>>(group, channel, startSample, endSample, new PartialLanes<S, V>(end - channel));
        }

        [MethodImpl(Hot.Loop)]
        private void Planes<S, V>(int group, int block, int startSample, int endSample)
            where S : struct, ISimd<V>
            where V : struct
        {
            var step = terms;
            var channel = block * shape.Lanes;
            V a = values.A == null ? default : shape.Lanes == 1 ? S.Create(values.A[channel]) : S.Load(values.A + channel);
            V b = values.B == null ? default : shape.Lanes == 1 ? S.Create(values.B[channel]) : S.Load(values.B + channel);
            V c = values.C == null ? default : shape.Lanes == 1 ? S.Create(values.C[channel]) : S.Load(values.C + channel);
            V first0 = default, first1 = default, second0 = default, second1 = default;
            for (var sample = startSample; sample < endSample; sample++)
            {
                var i = (((nint)sample * shape.Blocks) + block) * shape.PlaneSize;
                var last = i + shape.PlaneSize;
                for (; i <= last - (2 * S.Count); i += 2 * S.Count)
                {
                    step.Add<S, V, FullLanes<S, V>>(i, a, b, c, default, ref first0, ref second0);
                    step.Add<S, V, FullLanes<S, V>>(i + S.Count, a, b, c, default, ref first1, ref second1);
                }

                for (; i < last; i += S.Count)
                {
                    var lanes = new PartialLanes<S, V>((int)Math.Min(S.Count, last - i));
                    step.Add<S, V, PartialLanes<S, V>>(i, a, b, c, lanes, ref first0, ref second0);
                }
            }

            var target = ((nint)group * shape.Channels) + channel;
            if (shape.Lanes > 1)
            {
                S.Store(S.Add(first0, first1), first + target);
                S.Store(S.Add(second0, second1), second + target);
                return;
            }

            first[target] = S.Sum(S.Add(first0, first1));
            second[target] = S.Sum(S.Add(second0, second1));
        }

        [MethodImpl(Hot.Loop)]
        private void Rows<S, V, L>(int group, int channel, int startSample, int endSample, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var step = terms;
            V a = values.A == null ? default : lanes.Load(values.A + channel);
            V b = values.B == null ? default : lanes.Load(values.B + channel);
            V c = values.C == null ? default : lanes.Load(values.C + channel);
            V sumFirst = default, sumSecond = default;
            for (var sample = startSample; sample < endSample; sample++)
                step.Add<S, V, L>(((nint)sample * shape.Channels) + channel, a, b, c, lanes, ref sumFirst, ref sumSecond);

            var target = ((nint)group * shape.Channels) + channel;
            lanes.Store(sumFirst, first + target);
            lanes.Store(sumSecond, second + target);
        }
    }
}

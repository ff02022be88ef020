using System.Numerics;
using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Dropout. Idea: <see cref="CounterRandom.Bits"/> is a few 32-bit multiplications and shifts, so that each lane computes the
/// bits of its own element and no mask is stored. Layout: flat. Lanes: elements. Chunks know their first index, so that the
/// mask does not depend on the threads.
/// </summary>
internal static unsafe class DropoutKernel
{
    public static Kernel Find(OpSignature signature, WorkerPool pool)
    {
        var op = (DropoutOp)signature.Op;
        if (op.WholeChannels)
            return new FunctionKernel("dropout of channels", call => DropChannels(pool, op, call));
        return new FunctionKernel("dropout", call =>
        {
            var chunks = (int)((call.Count() + VectorLoop.ChunkSize - 1) / VectorLoop.ChunkSize);
            var key = CounterRandom.Key(call.State.Seed, op.Salt, call.State.Step);
            pool.Run(chunks, new Job(call.Input(0), call.Output(), call.Count(), key, op.Threshold, op.Scale));
        });
    }

    /// <summary>Each plane is scaled, by zero or by the same factor.</summary>
    private static void DropChannels(WorkerPool pool, DropoutOp op, KernelCall call)
    {
        var shape = call.Channels(call.Output.Type);
        var key = CounterRandom.Key(call.State.Seed, op.Salt, call.State.Step);
        PlaneLoop.Run(pool, shape.Planes, shape.Inner, new PlaneBody(call.Input(0), call.Output(), shape.Inner, key, op.Threshold, op.Scale));
    }

    private readonly struct PlaneBody(float* x, float* y, nint length, ulong key, uint threshold, float scale) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var start = plane * length;
            if (CounterRandom.Bits(key, (uint)plane) < threshold)
                new Span<float>(y + start, (int)length).Clear();
            else
                Pointwise.Map(x + start, y + start, length, new Scale(scale));
        }
    }

    private readonly struct Job(float* x, float* y, nint count, ulong key, uint threshold, float scale) : IParallelJob
    {
        [MethodImpl(Hot.Loop)]
        public void Execute(int chunk)
        {
            var i = (nint)chunk * VectorLoop.ChunkSize;
            var end = Math.Min(count, i + VectorLoop.ChunkSize);
            var (low, high, limit) = (new Vector<uint>((uint)key), new Vector<uint>((uint)(key >> 32)), new Vector<uint>(threshold));
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
            {
                var counter = Vector<uint>.Indices + new Vector<uint>((uint)i);
                var keep = Vector.GreaterThanOrEqual(Mix(Mix(counter ^ low) + high), limit);
                var scaled = Vector.Load(x + i) * scale;
                Vector.Store(Vector.ConditionalSelect(Vector.AsVectorSingle(keep), scaled, Vector<float>.Zero), y + i);
            }

            for (; i < end; i++)
                y[i] = CounterRandom.Bits(key, (uint)i) < threshold ? 0 : x[i] * scale;
        }

        /// <summary>The mixing function of <see cref="CounterRandom"/> in lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<uint> Mix(Vector<uint> x)
        {
            x = (x ^ (x >>> 16)) * 0x7FEB352Du;
            x = (x ^ (x >>> 15)) * 0x846CA68Bu;
            return x ^ (x >>> 16);
        }
    }
}

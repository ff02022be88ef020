using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Moves an activation between the plain layout and one with lanes. Idea: both ways are transposes of L rows (the lanes) of many columns,
/// square by square (<see cref="LaneTranspose"/>). Lanes: those of the layout.
/// </summary>
internal static unsafe class Reorder
{
    /// <summary>Columns of a chunk: a multiple of every width.</summary>
    private const int ColumnsPerChunk = 1024;

    /// <summary>A copy from one layout into another, or null where neither is plain.</summary>
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var (source, target) = (signature.Inputs[0], signature.Output);
        if (source.Layout == target.Layout)
            return new FunctionKernel("copy", call => Pointwise.Map(pool, call.Input(0), call.Output(), call.Count(), default(Identity)));
        if (source.Layout != Layout.Plain && target.Layout != Layout.Plain)
            return null;
        var lanes = target.Layout == Layout.Plain ? source.Layout : target.Layout;
        return new FunctionKernel($"reorder {source.Layout} → {target.Layout}", call => Run(
            pool, call.Input(0), call.Output(), target.Shape, lanes, call.Batch, toLanes: lanes == target.Layout));
    }

    private static void Run(WorkerPool pool, float* source, float* target, Shape shape, Layout layout, int batch, bool toLanes)
    {
        // Rows of the plain tensor that become lanes: channels of a sample, or samples.
        var ofSamples = layout.Kind == LayoutKind.BatchLanes;
        var columns = ofSamples ? shape.Length : shape.Plane;
        var rows = ofSamples ? batch : batch * shape.C;
        var job = new Job(source, target, layout.Lanes, rows, columns, toLanes);
        pool.RunVectors(job.Chunks, job);
    }

    /// <summary>Some columns of one block of rows.</summary>
    private readonly struct Job(float* source, float* target, int lanes, int rows, int columns, bool toLanes) : IVectorJob
    {
        private int Across => GemmBlocking.DivideRoundingUp(columns, ColumnsPerChunk);

        public int Chunks => GemmBlocking.DivideRoundingUp(rows, lanes) * Across;

        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (block, across) = Math.DivRem(chunk, Across);
            var first = across * ColumnsPerChunk;
            var count = Math.Min(ColumnsPerChunk, columns - first);
            var present = Math.Min(lanes, rows - (block * lanes));
            var plain = ((nint)block * lanes * columns) + first;
            var laid = (((nint)block * columns) + first) * lanes;
            if (toLanes)
                ToLanes<S, V>(source + plain, target + laid, count, present);
            else
                FromLanes<S, V>(source + laid, target + plain, count, present);
        }

        [MethodImpl(Hot.Loop)]
        private void ToLanes<S, V>(float* from, float* to, int count, int present)
            where S : struct, ISimd<V>
            where V : struct
        {
            var squares = LaneTranspose.Squares();
            for (var column = 0; column < count; column += S.Count)
            {
                var width = Math.Min(S.Count, count - column);
                for (var row = 0; row < S.Count; row++)
                {
                    var value = row >= present ? default
                        : width == S.Count ? S.Load(from + (row * columns) + column)
                        : S.LoadFirst(from + (row * columns) + column, width);
                    S.Store(value, squares + (row * S.Count));
                }

                var square = LaneTranspose.Run<S, V>(squares);
                for (var i = 0; i < width; i++)
                    S.Store(S.Load(square + (i * S.Count)), to + ((column + i) * S.Count));
            }
        }

        [MethodImpl(Hot.Loop)]
        private void FromLanes<S, V>(float* from, float* to, int count, int present)
            where S : struct, ISimd<V>
            where V : struct
        {
            var squares = LaneTranspose.Squares();
            for (var column = 0; column < count; column += S.Count)
            {
                var width = Math.Min(S.Count, count - column);
                for (var i = 0; i < S.Count; i++)
                    S.Store(i < width ? S.Load(from + ((column + i) * S.Count)) : default, squares + (i * S.Count));
                var square = LaneTranspose.Run<S, V>(squares);
                for (var row = 0; row < present; row++)
                    S.StoreFirst(S.Load(square + (row * S.Count)), to + (row * columns) + column, width);
            }
        }
    }
}

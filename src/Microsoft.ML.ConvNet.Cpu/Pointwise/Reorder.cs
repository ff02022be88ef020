using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Moves an activation between the plain layout and one with lanes. Idea: both ways are transposes of L rows (the lanes) of many columns; an
/// L×L tile is transposed by log₂ L perfect shuffles, because splitting all of it into even and odd elements rotates
/// the bits of an element's index by one. Lanes: those of the layout. Win: see <c>-- kernels</c>.
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
        pool.Run(job.Chunks, job);
    }

    /// <summary>Some columns of one block of rows.</summary>
    private readonly struct Job(float* source, float* target, int lanes, int rows, int columns, bool toLanes) : IParallelJob
    {
        private int Across => GemmBlocking.DivideRoundingUp(columns, ColumnsPerChunk);

        public int Chunks => GemmBlocking.DivideRoundingUp(rows, lanes) * Across;

        public void Execute(int chunk)
        {
            var (block, first) = (chunk / Across, chunk % Across * ColumnsPerChunk);
            var count = Math.Min(ColumnsPerChunk, columns - first);
            var present = Math.Min(lanes, rows - (block * lanes));
            var plain = ((nint)block * lanes * columns) + first;
            var laid = (((nint)block * columns) + first) * lanes;
            if (Vector512.IsHardwareAccelerated)
                Execute<Simd512, Vector512<float>>(plain, laid, count, present);
            else if (Vector256.IsHardwareAccelerated)
                Execute<Simd256, Vector256<float>>(plain, laid, count, present);
            else
                Execute<Simd128, Vector128<float>>(plain, laid, count, present);
        }

        private void Execute<S, V>(nint plain, nint laid, int count, int present)
            where S : struct, ISimd<V>
            where V : struct
        {
            if (toLanes)
                ToLanes<S, V>(source + plain, target + laid, count, present);
            else
                FromLanes<S, V>(source + laid, target + plain, count, present);
        }

        [SkipLocalsInit]
        [MethodImpl(Hot.Loop)]
        private void ToLanes<S, V>(float* from, float* to, int count, int present)
            where S : struct, ISimd<V>
            where V : struct
        {
            var tile = stackalloc float[2 * 16 * 16];
            for (var column = 0; column < count; column += S.Count)
            {
                var width = Math.Min(S.Count, count - column);
                for (var row = 0; row < S.Count; row++)
                {
                    var value = row >= present ? default
                        : width == S.Count ? S.Load(from + (row * columns) + column)
                        : S.LoadFirst(from + (row * columns) + column, width);
                    S.Store(value, tile + (row * S.Count));
                }

                var transposed = Transpose<S, V>(tile, tile + (S.Count * S.Count));
                for (var i = 0; i < width; i++)
                    S.Store(S.Load(transposed + (i * S.Count)), to + ((column + i) * S.Count));
            }
        }

        [SkipLocalsInit]
        [MethodImpl(Hot.Loop)]
        private void FromLanes<S, V>(float* from, float* to, int count, int present)
            where S : struct, ISimd<V>
            where V : struct
        {
            var tile = stackalloc float[2 * 16 * 16];
            for (var column = 0; column < count; column += S.Count)
            {
                var width = Math.Min(S.Count, count - column);
                for (var i = 0; i < S.Count; i++)
                    S.Store(i < width ? S.Load(from + ((column + i) * S.Count)) : default, tile + (i * S.Count));
                var transposed = Transpose<S, V>(tile, tile + (S.Count * S.Count));
                for (var row = 0; row < present; row++)
                {
                    var value = S.Load(transposed + (row * S.Count));
                    if (width == S.Count)
                        S.Store(value, to + (row * columns) + column);
                    else
                        S.StoreFirst(value, to + (row * columns) + column, width);
                }
            }
        }

        /// <summary>Transposes an L×L tile between two buffers and returns the one where it ends up.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float* Transpose<S, V>(float* tile, float* other)
            where S : struct, ISimd<V>
            where V : struct
        {
            for (var rounds = S.Count; rounds > 1; rounds /= 2)
            {
                for (var i = 0; i < S.Count / 2; i++)
                {
                    var (a, b) = (S.Load(tile + (2 * i * S.Count)), S.Load(tile + (((2 * i) + 1) * S.Count)));
                    S.Store(S.Even(a, b), other + (i * S.Count));
                    S.Store(S.Odd(a, b), other + ((i + (S.Count / 2)) * S.Count));
                }

                var last = tile;
                tile = other;
                other = last;
            }

            return tile;
        }
    }
}

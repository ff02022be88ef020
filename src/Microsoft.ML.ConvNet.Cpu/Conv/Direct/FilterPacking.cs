using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Plain weights to <see cref="FilterPanels"/> and back. Idea: squares of lanes × lanes are transposed in L1
/// (<see cref="LaneTranspose"/>). Layout: weights O×C×taps. Lanes: neighbours in a filter on the plain side, target channels on the
/// packed side. Groups of target channels × blocks of source channels run in parallel: each is a stretch of a panel, so that memory is
/// written in order, which large filters are bound by.
/// </summary>
internal static unsafe class FilterPacking
{
    /// <summary>Packs weights that lie as target × source × tap: those of the forward pass.</summary>
    public static void Pack(WorkerPool pool, FilterPanels panels, float* weights, float* packed)
        => Run(pool, panels, new PackJob(panels, weights, packed));

    /// <summary>Packs weights that lie as source × target × tap: those of the input gradient.</summary>
    public static void PackTransposed(WorkerPool pool, FilterPanels panels, float* weights, float* packed)
        => Run(pool, panels, new PackTransposedJob(panels, weights, packed));

    /// <summary>Writes the sum of several sets of panels, in order, as weights that lie as target × source × tap.</summary>
    public static void Unpack(WorkerPool pool, FilterPanels panels, float* sets, int count, float* weights)
        => Run(pool, panels, new UnpackJob(panels, sets, count, weights));

    private static void Run<T>(WorkerPool pool, FilterPanels panels, T stretch)
        where T : struct, IStretch
    {
        var job = new Job<T>(panels, stretch);
        pool.RunVectors(job.Chunks, job);
    }

    /// <summary>What happens to the part of a panel that one vector of target channels and one block of source channels fill.</summary>
    private interface IStretch
    {
        void Execute<S, V>(int vector, int block)
            where S : struct, ISimd<V>
            where V : struct;
    }

    /// <summary>The vectors of one group of target channels, for one block of source channels.</summary>
    private readonly struct Job<T>(FilterPanels panels, T stretch) : IVectorJob
        where T : struct, IStretch
    {
        private readonly int _sourceBlocks = GemmBlocking.DivideRoundingUp(panels.Sources, VectorWidth.Floats);

        public int Chunks => panels.Groups.Length * _sourceBlocks;

        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (group, block) = Math.DivRem(chunk, _sourceBlocks);
            for (var vector = panels.Groups.First(group); vector < panels.Groups.First(group + 1); vector++)
                stretch.Execute<S, V>(vector, block);
        }
    }

    private readonly struct PackJob(FilterPanels panels, float* weights, float* packed) : IStretch
    {
        [MethodImpl(Hot.Loop)]
        public void Execute<S, V>(int vector, int block)
            where S : struct, ISimd<V>
            where V : struct
        {
            var rows = panels.RowsOf(vector);
            var squares = LaneTranspose.Squares();
            var taps = panels.Taps;
            var length = (nint)panels.Sources * taps;
            var filters = weights + (vector * S.Count * length);
            var (source, tap) = (block * S.Count, 0);
            var end = Math.Min(length, (nint)(source + S.Count) * taps);
            for (var start = (nint)source * taps; start < end; start += S.Count)
            {
                var columns = (int)Math.Min(S.Count, end - start);
                var square = LoadTransposed<S, V>(filters + start, length, columns, squares);
                for (var column = 0; column < columns; column++)
                {
                    S.Store(S.Load(square + (column * S.Count)), packed + rows.At(source, tap));
                    if (++tap == taps)
                        (source, tap) = (source + 1, 0);
                }
            }
        }
    }

    private readonly struct PackTransposedJob(FilterPanels panels, float* weights, float* packed) : IStretch
    {
        [MethodImpl(Hot.Loop)]
        public void Execute<S, V>(int vector, int block)
            where S : struct, ISimd<V>
            where V : struct
        {
            var rows = panels.RowsOf(vector);
            var squares = LaneTranspose.Squares();
            var taps = panels.Taps;
            for (var source = block * S.Count; source < Math.Min(panels.Sources, (block + 1) * S.Count); source++)
            {
                var filters = weights + ((((nint)source * panels.Targets) + ((nint)vector * S.Count)) * taps);
                if (taps == 1)
                {
                    S.Store(S.Load(filters), packed + rows.At(source, 0));
                    continue;
                }

                for (var start = 0; start < taps; start += S.Count)
                {
                    var columns = Math.Min(S.Count, taps - start);
                    var square = LoadTransposed<S, V>(filters + start, taps, columns, squares);
                    for (var column = 0; column < columns; column++)
                        S.Store(S.Load(square + (column * S.Count)), packed + rows.At(source, start + column));
                }
            }
        }
    }

    private readonly struct UnpackJob(FilterPanels panels, float* sets, int count, float* weights) : IStretch
    {
        [MethodImpl(Hot.Loop)]
        public void Execute<S, V>(int vector, int block)
            where S : struct, ISimd<V>
            where V : struct
        {
            var rows = panels.RowsOf(vector);
            var squares = LaneTranspose.Squares();
            var taps = panels.Taps;
            var setLength = (nint)panels.Length;
            var length = (nint)panels.Sources * taps;
            var filters = weights + (vector * S.Count * length);
            var (source, tap) = (block * S.Count, 0);
            var end = Math.Min(length, (nint)(source + S.Count) * taps);
            for (var start = (nint)source * taps; start < end; start += S.Count)
            {
                var columns = (int)Math.Min(S.Count, end - start);
                for (var column = 0; column < columns; column++)
                {
                    var at = sets + rows.At(source, tap);
                    var sum = S.Load(at);
                    for (var set = 1; set < count; set++)
                        sum = S.Add(sum, S.Load(at + (set * setLength)));
                    S.Store(sum, squares + (column * S.Count));
                    if (++tap == taps)
                        (source, tap) = (source + 1, 0);
                }

                var square = LaneTranspose.Run<S, V>(squares);
                for (var row = 0; row < S.Count; row++)
                    S.StoreFirst(S.Load(square + (row * S.Count)), filters + start + (row * length), columns);
            }
        }
    }

    /// <summary>A square whose rows lie <paramref name="rowLength"/> floats apart, transposed; the first <paramref name="columns"/> rows count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* LoadTransposed<S, V>(float* source, nint rowLength, int columns, float* squares)
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var row = 0; row < S.Count; row++)
        {
            var values = columns == S.Count ? S.Load(source + (row * rowLength)) : S.LoadFirst(source + (row * rowLength), columns);
            S.Store(values, squares + (row * S.Count));
        }

        return LaneTranspose.Run<S, V>(squares);
    }
}

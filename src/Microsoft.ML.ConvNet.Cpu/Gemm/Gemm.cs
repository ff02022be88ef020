using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// C[m, n] = start + A·B, then the epilogue. Idea: blocks of k in fixed order; for each, B is packed once into panels
/// (in parallel), then work tiles of C run in parallel over register tiles (<see cref="GemmMicroKernel"/>), row panels
/// outside and column panels inside so that A's rows stay in L1 and B streams from L2. A is never packed: eight rows are
/// eight streams, or eight adjacent floats a step, and copying them cost more than it saved. With few rows
/// B is read in place too: it would be read hardly more often than packing reads it. Products of at most three rows or
/// columns, whose factors are both adjacent along k, are dot products (<see cref="GemmDots"/>); of few rows with a large B, the transposed product is computed. Layout: C row-major, A and B either way. Lanes: columns of C.
/// Win: 97 % of the FMA peak at 512×512×512, 93 % at 64×1024×576, 73 % at 128×100×640 (7 vectors hold the 100 columns).
/// </summary>
/// <remarks>How work is cut depends on the shape alone, so the result's bits do not depend on the number of threads.</remarks>
internal static unsafe class Gemm
{
    /// <summary>Rows that count as few: two vectors of the transposed product.</summary>
    private const int MaxThinRows = 32;

    /// <summary>Elements that count as many: more than a cache holds.</summary>
    private const long MinThinFactor = 1 << 20;

    /// <summary>C = start + A·B.</summary>
    public static void Run(WorkerPool pool, int m, int n, int k, Matrix a, Matrix b, float* c, nint cRow, GemmStart start) =>
        Run(pool, m, n, k, a, b, c, cRow, start, default(Identity));

    /// <summary>C = epilogue(start + A·B).</summary>
    /// <returns>Whether the kept panels are those of B now.</returns>
    public static bool Run<TEpilogue>(
        WorkerPool pool, int m, int n, int k, Matrix a, Matrix b, float* c, nint cRow, GemmStart start, TEpilogue epilogue, KeptPanels kept = default)
        where TEpilogue : struct, IUnaryFunction
    {
        if (m <= 0 || n <= 0)
            return false;
        if (k <= 0)
        {
            StartOnly(m, n, c, cRow, start, epilogue);
            return false;
        }

        if (GemmDots.Supports(m, n, k, a, b))
        {
            GemmDots.Run(pool, m, n, k, a, b, c, cRow, start, epilogue);
            return false;
        }

        if (!kept.IsUsed && IsThin(m, n, k, b) && start.Kind != GemmStartKind.Accumulate)
        {
            RunTransposed(pool, m, n, k, a, b, c, cRow, start, epilogue);
            return false;
        }

        var blocking = new GemmBlocking(m, n, k);
        for (var column = 0; column < n; column += blocking.PackedColumns)
        {
            var columns = Math.Min(blocking.PackedColumns, n - column);
            for (var depth = 0; depth < k; depth += blocking.Depth)
            {
                var panels = PackB(pool, blocking, b, column, columns, depth, kept);
                var from = depth == 0 ? start : GemmStart.Accumulate;
                if (depth + blocking.Depth < k)
                    RunBlock(pool, blocking, a, b, panels, kept.IsUsed, c, cRow, column, columns, depth, from, default(Identity));
                else
                    RunBlock(pool, blocking, a, b, panels, kept.IsUsed, c, cRow, column, columns, depth, from, epilogue);
            }
        }

        return kept.IsUsed;
    }

    /// <summary>
    /// Whether A has so few rows, and B, adjacent along k, is so large that packing it would take longer than the products: as a dense layer of
    /// a small batch, whose weights are read once.
    /// </summary>
    private static bool IsThin(int m, int n, int k, Matrix b) => m <= MaxThinRows && b.RowStride == 1 && (long)n * k >= MinThinFactor;

    /// <summary>Cᵀ = Bᵀ·Aᵀ: the large factor is the one that is read in place, and the small one is packed.</summary>
    private static void RunTransposed<TEpilogue>(
        WorkerPool pool, int m, int n, int k, Matrix a, Matrix b, float* c, nint cRow, GemmStart start, TEpilogue epilogue)
        where TEpilogue : struct, IUnaryFunction
    {
        var product = Scratch.Get(ScratchUse.GemmTransposed, (nint)n * m);
        Run(pool, n, m, k, b.T, a.T, product, m, start.Transposed);
        for (var row = 0; row < m; row++)
        {
            var target = c + (row * cRow);
            for (var column = 0; column < n; column++)
                target[column] = product[((nint)column * m) + row];
            Pointwise.Map(target, target, n, epilogue);
        }
    }

    /// <summary>
    /// Whether B is read where it lies. A strided read costs more the narrower the panel is against a cache line, and is
    /// paid for every row panel: 8 row panels pay off with 48 columns, 2 with 16.
    /// </summary>
    private static bool ReadsInPlace(in GemmBlocking blocking, Matrix b) =>
        b.ColumnStride == 1 && 6 * GemmBlocking.DivideRoundingUp(blocking.M, blocking.TileHeight) <= blocking.PanelWidth;

    /// <summary>The floats of the panels of a whole B, whatever the rows of A.</summary>
    public static long PanelsLength(int n, int k)
    {
        var width = new GemmBlocking(1, n, k).PanelWidth;
        return (long)GemmBlocking.DivideRoundingUp(n, width) * width * k;
    }

    private static float* PackB(WorkerPool pool, in GemmBlocking blocking, Matrix b, int column, int columns, int depth, KeptPanels kept)
    {
        var steps = Math.Min(blocking.Depth, blocking.K - depth);
        var firstPacked = !kept.IsUsed && ReadsInPlace(blocking, b) ? columns / blocking.PanelWidth : 0;
        var count = GemmBlocking.DivideRoundingUp(columns, blocking.PanelWidth) - firstPacked;
        if (count == 0)
            return null;

        var width = count * blocking.PanelWidth;
        var panels = kept.IsUsed
            ? kept.Memory + ((nint)column * blocking.K) + ((nint)width * depth)
            : Scratch.Get(ScratchUse.GemmPackedB, (nint)width * steps);
        if (kept.IsCurrent)
            return panels;
        var job = new PackJob(b.At(depth, column), b, blocking.PanelWidth, firstPacked, columns, steps, count, panels);
        pool.Run(job.Chunks, job);
        return panels;
    }

    private static void RunBlock<TEpilogue>(
        WorkerPool pool, in GemmBlocking blocking, Matrix a, Matrix b, float* panels, bool packsAll, float* c, nint cRow,
        int column, int columns, int depth, GemmStart start, TEpilogue epilogue)
        where TEpilogue : struct, IUnaryFunction
    {
        var job = new TileJob<TEpilogue>(blocking, a, b, panels, packsAll, c, cRow, column, columns, depth, start, epilogue);
        pool.Run(job.Chunks, job);
    }

    /// <summary>An empty sum: C is what the product would have been added to.</summary>
    private static void StartOnly<TEpilogue>(int m, int n, float* c, nint cRow, GemmStart start, TEpilogue epilogue)
        where TEpilogue : struct, IUnaryFunction
    {
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
                c[(i * cRow) + j] = start.At(i, j, c[(i * cRow) + j]);
            Pointwise.Map(c + (i * cRow), c + (i * cRow), n, epilogue);
        }
    }

    /// <summary>Packs panels of B, so many a chunk that a chunk is worth its dispatch.</summary>
    private readonly struct PackJob(
        float* first, Matrix b, int panelWidth, int firstPacked, int columns, int steps, int count, float* panels) : IParallelJob
    {
        private const int FloatsPerChunk = 32768;

        private int PanelsPerChunk => Math.Max(1, FloatsPerChunk / (panelWidth * steps));

        public int Chunks => GemmBlocking.DivideRoundingUp(count, PanelsPerChunk);

        public void Execute(int chunk)
        {
            var end = Math.Min(count, (chunk + 1) * PanelsPerChunk);
            for (var panel = chunk * PanelsPerChunk; panel < end; panel++)
            {
                nint column = (firstPacked + panel) * panelWidth;
                var width = (int)Math.Min(panelWidth, columns - column);
                var target = panels + ((nint)panel * panelWidth * steps);
                GemmPacking.Pack(first + (column * b.ColumnStride), b.RowStride, b.ColumnStride, steps, width, panelWidth, target);
            }
        }
    }

    /// <summary>One work tile of C for one block of k.</summary>
    private readonly struct TileJob<TEpilogue>(
        GemmBlocking blocking, Matrix a, Matrix b, float* panels, bool packsAll, float* c, nint cRow,
        int firstColumn, int columns, int depth, GemmStart start, TEpilogue epilogue) : IParallelJob
        where TEpilogue : struct, IUnaryFunction
    {
        private readonly int _steps = Math.Min(blocking.Depth, blocking.K - depth);
        private readonly int _firstPacked = !packsAll && ReadsInPlace(blocking, b) ? columns / blocking.PanelWidth : 0;
        private readonly int _tilesAcross = GemmBlocking.DivideRoundingUp(columns, blocking.WorkColumns);

        public int Chunks => _tilesAcross * GemmBlocking.DivideRoundingUp(blocking.M, blocking.WorkRows);

        [MethodImpl(Hot.Loop)]
        public void Execute(int chunk)
        {
            var rowStart = chunk / _tilesAcross * blocking.WorkRows;
            var rowEnd = Math.Min(blocking.M, rowStart + blocking.WorkRows);
            var columnStart = chunk % _tilesAcross * blocking.WorkColumns;
            var columnEnd = Math.Min(columns, columnStart + blocking.WorkColumns);

            for (var row = rowStart; row < rowEnd; row += blocking.TileHeight)
            {
                var rows = Math.Min(blocking.TileHeight, rowEnd - row);
                var tileA = new Matrix(a.At(row, depth), a.RowStride, a.ColumnStride);

                for (var column = columnStart; column < columnEnd; column += blocking.PanelWidth)
                {
                    var panel = column / blocking.PanelWidth;
                    var tileB = panel < _firstPacked
                        ? Matrix.RowMajor(b.At(depth, firstColumn + column), b.RowStride)
                        : Matrix.RowMajor(panels + ((nint)(panel - _firstPacked) * blocking.PanelWidth * _steps), blocking.PanelWidth);
                    var target = c + (row * cRow) + firstColumn + column;
                    var width = Math.Min(blocking.PanelWidth, columnEnd - column);
                    GemmTile.Run(tileA, tileB, target, cRow, row, firstColumn + column, rows, width, _steps, start, epilogue);
                }
            }
        }
    }
}

using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The weight gradient of direct convolution. Idea: up to 8 elements of a filter × 3 vectors of output channels stay in registers
/// (<see cref="LaneTile"/>) while the pixels of some rows go by: x is broadcast from where the element's tap lies
/// (<see cref="StagedSource"/>), dY is loaded as it lies in memory; all elements of some input channels meet the same pixels before the
/// next. Layout: channels in the lanes, x may be plain; the sums as <see cref="FilterPanels"/>. Lanes: output channels. Blocks of input
/// channels × groups of output channels × groups of pixels run in parallel; how pixels are grouped depends on the shape and the batch
/// alone, and the groups' sums are added in order.
/// </summary>
internal sealed unsafe class TapWeightGradient
{
    /// <summary>Pixels that all elements of a chunk meet before the next: a tile's dY and x stay in L2, and its sums are seldom moved.</summary>
    public const int MaxPixels = 512;

    /// <summary>Elements of the filters that one chunk of work sums, so that what it reads of dY is worth it.</summary>
    private const int WantedElements = 512;

    private const int WantedChunks = 16;

    private readonly StagedSource _source;
    private readonly FilterPanels _panels;
    private readonly nint[] _elements;
    private readonly int _blocksPerRange;
    private readonly int _ranges;
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _rowsPerUnit;
    private readonly int _rowUnits;
    private readonly int _samplesPerUnit;
    private readonly int _pixelGroups;
    private readonly int _columnStep;
    private readonly nint _gradientPlane;
    private readonly nint _gradientSample;

    public TapWeightGradient(ConvProblem problem)
    {
        var (x, y, window) = (problem.X, problem.Y, problem.Window);
        var (vertical, horizontal) = (TapAxis.Forward(window.Height, y.H), TapAxis.Forward(window.Width, y.W));
        (_rows, _columns) = (y.H, y.W);
        _rowUnits = GemmBlocking.DivideRoundingUp(_rows, Math.Clamp(MaxPixels / _columns, 1, _rows));
        _rowsPerUnit = GemmBlocking.DivideRoundingUp(_rows, _rowUnits);
        _rowUnits = GemmBlocking.DivideRoundingUp(_rows, _rowsPerUnit);
        _samplesPerUnit = _rowUnits > 1 ? 1 : Math.Max(1, MaxPixels / y.Plane);

        _source = new StagedSource(x, problem.XLayout, problem.XStrides, vertical, horizontal, _rowsPerUnit);
        var phase = new TapPhase(_source, vertical[0], horizontal[0], _rowsPerUnit, _columns, VectorWidth.Floats);
        _panels = new FilterPanels([phase], window.Width.Size, window.Taps, x.C, y.C, _source.PixelFloats);
        var elementsOfBlock = window.Taps * _source.PixelFloats;
        _ranges = GemmBlocking.DivideRoundingUp(_source.Blocks, GemmBlocking.DivideRoundingUp(WantedElements, elementsOfBlock));
        _blocksPerRange = GemmBlocking.DivideRoundingUp(_source.Blocks, _ranges);
        _ranges = GemmBlocking.DivideRoundingUp(_source.Blocks, _blocksPerRange);
        _elements = new nint[_blocksPerRange * elementsOfBlock];
        for (var element = 0; element < _elements.Length; element++)
            _elements[element] = phase.Runs[element / phase.RunLength].A + (element % phase.RunLength);
        _pixelGroups = GemmBlocking.DivideRoundingUp(WantedChunks, _ranges * _panels.Groups.Length);
        _columnStep = window.Width.Stride * _source.PixelFloats;
        (_gradientPlane, _gradientSample) = problem.YStrides;
    }

    /// <summary>Room for the sums of each group of pixels.</summary>
    public long WorkspaceLength => _panels.Length * _pixelGroups;

    public void Run(WorkerPool pool, KernelCall call)
    {
        var job = new Job(this, call.Batch, call.Input(0), call.Input(1), call.Workspace());
        pool.RunVectors(job.Chunks, job);
        FilterPacking.Unpack(pool, _panels, call.Workspace(), job.PixelGroups, call.Output());
    }

    /// <summary>Groups of pixels × ranges of input channels × groups of output channels.</summary>
    private readonly struct Job : IVectorJob
    {
        private readonly TapWeightGradient _g;
        private readonly int _batch;
        private readonly int _units;
        private readonly int _unitsPerGroup;
        private readonly float* _x;
        private readonly float* _dY;
        private readonly float* _sums;

        public Job(TapWeightGradient g, int batch, float* x, float* dY, float* sums)
        {
            (_g, _batch) = (g, batch);
            _x = x;
            _dY = dY;
            _sums = sums;
            _units = GemmBlocking.DivideRoundingUp(batch, g._samplesPerUnit) * g._rowUnits;
            _unitsPerGroup = GemmBlocking.DivideRoundingUp(_units, g._pixelGroups);
        }

        public int PixelGroups => GemmBlocking.DivideRoundingUp(_units, _unitsPerGroup);

        public int Chunks => PixelGroups * _g._ranges * _g._panels.Groups.Length;

        [SkipLocalsInit]
        [MethodImpl(Hot.Loop)]
        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var groups = _g._panels.Groups;
            (chunk, var group) = Math.DivRem(chunk, groups.Length);
            var (pixelGroup, range) = Math.DivRem(chunk, _g._ranges);
            var (vector, vectors) = (groups.First(group), groups.Count(group));
            var firstBlock = range * _g._blocksPerRange;
            var blocks = Math.Min(_g._blocksPerRange, _g._source.Blocks - firstBlock);
            var elementsOfBlock = _g._elements.Length / _g._blocksPerRange;

            var width = vectors * S.Count;
            var sums = _sums + (pixelGroup * (nint)_g._panels.Length)
                + _g._panels.PanelStart(0, group) + ((nint)firstBlock * elementsOfBlock * width);
            var sumRows = stackalloc nint[GemmBlocking.RegisterTile.Rows];
            for (var row = 0; row < GemmBlocking.RegisterTile.Rows; row++)
                sumRows[row] = row * width;
            var runs = stackalloc TileRun[_g._samplesPerUnit * _g._rowsPerUnit];
            var operands = new TileOperands
            {
                AStep = _g._columnStep,
                BVector = _g._gradientPlane,
                Runs = runs,
                RunLength = _g._columns,
                CRows = sumRows,
                CVector = S.Count,
            };
            var firstUnit = pixelGroup * _unitsPerGroup;
            for (var unit = firstUnit; unit < Math.Min(_units, firstUnit + _unitsPerGroup); unit++)
            {
                var firstSample = unit / _g._rowUnits * _g._samplesPerUnit;
                var samples = Math.Min(_g._samplesPerUnit, _batch - firstSample);
                var firstRow = unit % _g._rowUnits * _g._rowsPerUnit;
                var rows = Math.Min(_g._rowsPerUnit, _g._rows - firstRow);
                operands.A = Stage(firstSample, samples, firstBlock, blocks, firstRow, rows, out var sourceSample);
                operands.B = _dY + (firstSample * _g._gradientSample) + (vector * _g._gradientPlane) + ((nint)firstRow * _g._columns * S.Count);
                operands.RunCount = samples * rows;
                operands.Accumulates = unit > firstUnit;
                for (var run = 0; run < operands.RunCount; run++)
                {
                    var (sample, row) = Math.DivRem(run, rows);
                    runs[run] = new TileRun(
                        (sample * sourceSample) + (row * _g._source.RowStep * _g._source.Pitch),
                        (sample * _g._gradientSample / S.Count) + (row * _g._columns));
                }

                RunElements<S, V>(operands, blocks * elementsOfBlock, vectors, sums);
            }
        }

        /// <summary>All elements of a range of input channels over the pixels of a unit.</summary>
        [MethodImpl(Hot.Loop)]
        private void RunElements<S, V>(TileOperands operands, int count, int vectors, float* sums)
            where S : struct, ISimd<V>
            where V : struct
        {
            var tiles = GemmBlocking.DivideRoundingUp(count, GemmBlocking.RegisterTile.Rows);
            fixed (nint* elements = _g._elements)
            {
                for (var tile = 0; tile < tiles; tile++)
                {
                    var (first, end) = (tile * count / tiles, (tile + 1) * count / tiles);
                    operands.ARows = elements + first;
                    operands.C = sums + ((nint)first * vectors * S.Count);
                    LaneTile.Run<S, V, PixelSteps>(end - first, vectors, operands);
                }
            }
        }

        /// <summary>The rows of x that a unit reads, with their padding.</summary>
        private float* Stage(int firstSample, int samples, int block, int blocks, int firstRow, int rows, out nint sampleLength)
        {
            var s = _g._source;
            var x = _x + (firstSample * s.SampleStride);
            sampleLength = s.IsInPlace ? s.SampleStride : s.BlockStride * blocks;
            if (s.IsInPlace)
                return s.InPlace(x, block, firstRow);

            var staged = Scratch.Get(ScratchUse.DirectSource, sampleLength * samples);
            for (var sample = 0; sample < samples; sample++)
                s.Copy(x + (sample * s.SampleStride), block, blocks, firstRow, rows, staged + (sample * sampleLength));
            return staged;
        }
    }
}

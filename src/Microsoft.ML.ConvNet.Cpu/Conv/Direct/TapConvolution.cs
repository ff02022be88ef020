using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The forward pass and the input gradient of direct convolution. Idea: rows of pixels with their padding around them
/// (<see cref="StagedSource"/>) meet packed weights (<see cref="FilterPanels"/>) in register tiles of up to 8 pixels × 3 vectors of
/// channels (<see cref="LaneTile"/>); a tile's pixels may cross the ends of rows, so that small maps fill tiles as well as large ones.
/// Layout: channels in the lanes; the source may be plain. Lanes: channels of the target. Blocks of samples or rows, and of channels where
/// these are few, run in parallel; every output is summed in the same order however work is cut.
/// </summary>
internal sealed unsafe class TapConvolution
{
    /// <summary>Floats of a block's staged source: a quarter of a common L2.</summary>
    private const int MaxStaged = 1 << 16;

    /// <summary>Pixels of a block, for the sake of parallelism.</summary>
    private const int MaxPixels = 1024;

    /// <summary>Floats of the weights that all tiles of a block meet before the next: they stay in L1.</summary>
    private const int MaxPanel = 1 << 13;

    private const int WantedChunks = 16;

    private readonly ConvProblem _problem;
    private readonly StagedSource _source;
    private readonly TapPhase[] _phases;
    private readonly FilterPanels _panels;
    private readonly int _rows;
    private readonly int _rowBlocks;
    private readonly int _rowsPerBlock;
    private readonly nint _targetRow;
    private readonly nint _targetPlane;
    private readonly nint _targetSample;

    public TapConvolution(ConvProblem problem)
    {
        _problem = problem;
        var forward = problem.Pass == ConvPass.Forward;
        var (source, sourceLayout, sourceStrides) = forward ? (problem.X, problem.XLayout, problem.XStrides) : (problem.Y, problem.YLayout, problem.YStrides);
        var (target, targetStrides) = forward ? (problem.Y, problem.YStrides) : (problem.X, problem.XStrides);
        var (height, width) = (problem.Window.Height, problem.Window.Width);
        var vertical = forward ? TapAxis.Forward(height, target.H) : TapAxis.InputGradient(height, target.H);
        var horizontal = forward ? TapAxis.Forward(width, target.W) : TapAxis.InputGradient(width, target.W);

        _rows = vertical[0].Count;
        _rowBlocks = GemmBlocking.DivideRoundingUp(_rows, MaxRows(source, sourceLayout, sourceStrides, vertical, horizontal));
        _rowsPerBlock = GemmBlocking.DivideRoundingUp(_rows, _rowBlocks);
        _rowBlocks = GemmBlocking.DivideRoundingUp(_rows, _rowsPerBlock);
        _source = new StagedSource(source, sourceLayout, sourceStrides, vertical, horizontal, _rowsPerBlock);

        var lanes = VectorWidth.Floats;
        _phases = [.. from v in vertical from h in horizontal select new TapPhase(_source, v, h, _rowsPerBlock, target.W, lanes)];
        _panels = new FilterPanels(_phases, width.Size, problem.Window.Taps, source.C, target.C, sourceLayout.Lanes);
        _targetRow = (nint)vertical[0].TargetStep * target.W * lanes;
        (_targetPlane, _targetSample) = (targetStrides.Block, targetStrides.Sample);
    }

    /// <summary>The floats of the packed weights.</summary>
    public long PreparedLength => _panels.Length;

    public void Run(WorkerPool pool, KernelCall call)
    {
        var panels = call.Prepared();
        if (call.ParametersChanged && _problem.Pass == ConvPass.Forward)
            FilterPacking.Pack(pool, _panels, call.Input(1), panels);
        else if (call.ParametersChanged)
            FilterPacking.PackTransposed(pool, _panels, call.Input(1), panels);

        var job = new Job(this, call.Batch, call.Input(0), panels, _problem.Bias(call), _problem.Addend(call), call.Output());
        pool.RunVectors(job.Chunks, job);
    }

    /// <summary>The target rows of which a block's source and pixels are not too many.</summary>
    private static int MaxRows(Shape source, Layout layout, ImageStrides strides, TapAxis[] vertical, TapAxis[] horizontal)
    {
        var one = new StagedSource(source, layout, strides, vertical, horizontal, 1);
        var fitting = (((MaxStaged / (one.Pitch * one.Blocks)) - one.Span) / one.RowStep) + 1;
        return Math.Clamp(Math.Min((int)fitting, MaxPixels / horizontal.Sum(h => h.Count)), 1, vertical[0].Count);
    }

    /// <summary>Blocks of samples or rows × parts of the groups of channels.</summary>
    private readonly struct Job : IVectorJob
    {
        private readonly TapConvolution _c;
        private readonly int _batch;
        private readonly float* _source;
        private readonly float* _panels;
        private readonly float* _bias;
        private readonly float* _addend;
        private readonly float* _target;
        private readonly int _samples;
        private readonly int _parts;

        public Job(TapConvolution c, int batch, float* source, float* panels, float* bias, float* addend, float* target)
        {
            (_c, _batch) = (c, batch);
            _source = source;
            _panels = panels;
            _bias = bias;
            _addend = addend;
            _target = target;
            var staged = c._source.BlockStride * c._source.Blocks;
            var pixels = c._rowsPerBlock * c._phases.Sum(p => p.Horizontal.Count);
            _samples = (int)Math.Clamp(Math.Min(MaxStaged / staged, MaxPixels / pixels), 1, Math.Max(1, batch * c._rowBlocks / WantedChunks));
            var blocks = GemmBlocking.DivideRoundingUp(batch, _samples) * c._rowBlocks;
            _parts = Math.Clamp(GemmBlocking.DivideRoundingUp(WantedChunks, blocks), 1, c._panels.Groups.Length);
        }

        public int Chunks => GemmBlocking.DivideRoundingUp(_batch, _samples) * _c._rowBlocks * _parts;

        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (block, part) = Math.DivRem(chunk, _parts);
            var firstSample = block / _c._rowBlocks * _samples;
            var samples = Math.Min(_samples, _batch - firstSample);
            var firstRow = block % _c._rowBlocks * _c._rowsPerBlock;
            var source = Stage(firstSample, samples, firstRow, out var sourceSample);
            var groups = _c._panels.Groups;
            for (var index = 0; index < _c._phases.Length; index++)
            {
                var phase = _c._phases[index];
                var rows = Math.Min(_c._rowsPerBlock, phase.Vertical.Count - firstRow);
                if (rows <= 0)
                    continue;
                for (var group = part * groups.Length / _parts; group < (part + 1) * groups.Length / _parts; group++)
                {
                    var (vector, vectors) = (groups.First(group), groups.Count(group));
                    var target = ((nint)firstSample * _c._targetSample) + (vector * _c._targetPlane) + (firstRow * _c._targetRow);
                    var operands = new TileOperands
                    {
                        A = source,
                        B = _panels + _c._panels.PanelStart(index, group),
                        RunLength = phase.RunLength,
                        C = _target + target,
                        CVector = _c._targetPlane,
                        Bias = _bias == null ? null : _bias + (vector * S.Count),
                        Addend = _addend == null ? null : _addend + target,
                        Relu = _c._problem.Relu,
                    };
                    RunGroup<S, V>(phase, operands, vectors, samples, sourceSample, rows * phase.Horizontal.Count);
                }
            }
        }

        /// <summary>The source of a block with its padding.</summary>
        private float* Stage(int firstSample, int samples, int firstRow, out nint sampleLength)
        {
            var s = _c._source;
            var source = _source + (firstSample * s.SampleStride);
            sampleLength = s.IsInPlace ? s.SampleStride : s.BlockStride * s.Blocks;
            if (s.IsInPlace)
                return s.InPlace(source, 0, firstRow);

            var staged = Scratch.Get(ScratchUse.DirectSource, sampleLength * samples);
            for (var sample = 0; sample < samples; sample++)
            {
                s.Copy(
                    source + (sample * s.SampleStride), 0, s.Blocks, firstRow, Math.Min(_c._rowsPerBlock, _c._rows - firstRow),
                    staged + (sample * sampleLength));
            }

            return staged;
        }

        /// <summary>All pixels of a block for one group of channels, some weights after the others.</summary>
        [MethodImpl(Hot.Loop)]
        private void RunGroup<S, V>(TapPhase phase, TileOperands whole, int vectors, int samples, nint sourceSample, int pixels)
            where S : struct, ISimd<V>
            where V : struct
        {
            var tiles = GemmBlocking.DivideRoundingUp(pixels, GemmBlocking.RegisterTile.Rows);
            var runsInPanel = Math.Max(1, MaxPanel / (phase.RunLength * vectors * S.Count));
            fixed (TileRun* runs = phase.Runs)
            {
                fixed (nint* sourcePixels = phase.SourcePixels, targetPixels = phase.TargetPixels)
                {
                    var run = 0;
                    do
                    {
                        var part = whole;
                        part.Runs = runs + run;
                        part.RunCount = Math.Min(runsInPanel, phase.Runs.Length - run);
                        part.Accumulates = run > 0 || _c._problem.Accumulates;
                        run += part.RunCount;
                        if (run < phase.Runs.Length)
                        {
                            part.Addend = null;
                            part.Relu = false;
                        }

                        for (var sample = 0; sample < samples; sample++)
                        {
                            for (var tile = 0; tile < tiles; tile++)
                            {
                                var (first, end) = (tile * pixels / tiles, (tile + 1) * pixels / tiles);
                                part.ARows = sourcePixels + first;
                                part.CRows = targetPixels + first;
                                LaneTile.Run<S, V, FilterSteps>(end - first, vectors, part);
                            }

                            part.A += sourceSample;
                            part.C += _c._targetSample;
                            if (part.Addend != null)
                                part.Addend += _c._targetSample;
                        }
                    }
                    while (run < phase.Runs.Length);
                }
            }
        }
    }
}

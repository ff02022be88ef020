using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The source of a convolution with its padding around it, so that every tap of every pixel is a plain offset. Idea: some rows of all
/// channels are copied into scratch memory that stays in L2, zeros where the image ends; where nothing is padded they are read in place.
/// Layout: blocks of channels × rows × columns × the floats of a pixel (the lanes, or one where the source is plain).
/// </summary>
internal sealed unsafe class StagedSource
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _firstColumn;
    private readonly int _columns;
    private readonly ImageStrides _strides;

    /// <summary>Describes the rows that <paramref name="targetRows"/> rows of targets read, at most, whatever their phase.</summary>
    public StagedSource(Shape shape, Layout layout, ImageStrides strides, TapAxis[] vertical, TapAxis[] horizontal, int targetRows)
    {
        (_height, _width, _strides) = (shape.H, shape.W, strides);
        PixelFloats = layout.Lanes;
        Blocks = shape.C / PixelFloats;
        RowStep = vertical[0].SourceStep;
        var (down, across) = (vertical.Where(a => a.Taps.Length > 0).ToArray(), horizontal.Where(a => a.Taps.Length > 0).ToArray());
        FirstRow = down.Min(a => a.First);
        Span = down.Max(a => a.First + ((a.Taps.Length - 1) * a.Spacing)) - FirstRow + 1;
        _firstColumn = across.Min(a => a.First);
        _columns = across.Max(a => a.End) - _firstColumn + 1;
        IsInPlace = FirstRow >= 0 && _firstColumn >= 0 && down.Max(a => a.End) < _height && _firstColumn + _columns <= _width;
        Pitch = (nint)(IsInPlace ? _width : _columns) * PixelFloats;
        BlockStride = IsInPlace ? strides.Block : Pitch * RowsFor(targetRows);
    }

    /// <summary>The floats of a pixel of a block.</summary>
    public int PixelFloats { get; }

    /// <summary>The blocks of channels.</summary>
    public int Blocks { get; }

    /// <summary>From a row of targets to the next, in rows.</summary>
    public int RowStep { get; }

    /// <summary>The first row that the first row of targets reads.</summary>
    public int FirstRow { get; }

    /// <summary>The rows that one row of targets reaches over.</summary>
    public int Span { get; }

    /// <summary>Whether nothing is copied.</summary>
    public bool IsInPlace { get; }

    /// <summary>Floats from a row to the next.</summary>
    public nint Pitch { get; }

    /// <summary>Floats from a block of channels to the next.</summary>
    public nint BlockStride { get; }

    /// <summary>Floats from a sample in memory to the next.</summary>
    public nint SampleStride => _strides.Sample;

    public int RowsFor(int targetRows) => ((targetRows - 1) * RowStep) + Span;

    /// <summary>The offset of an element of a row, given the row's and the column's distance from those of the first target.</summary>
    public nint Offset(int row, int column) => ((row - FirstRow) * Pitch) + ((nint)(column - _firstColumn) * PixelFloats);

    /// <summary>Where the blocks of a sample lie in memory from the row on that the target row <paramref name="targetRow"/> reads first.</summary>
    public float* InPlace(float* sample, int block, int targetRow)
        => sample + (block * _strides.Block) + ((((nint)FirstRow + (targetRow * RowStep)) * _width) + _firstColumn) * PixelFloats;

    /// <summary>Copies what <paramref name="targetRows"/> rows of targets read of some blocks of a sample.</summary>
    [MethodImpl(Hot.Loop)]
    public void Copy(float* sample, int block, int blocks, int targetRow, int targetRows, float* target)
    {
        var firstRow = FirstRow + (targetRow * RowStep);
        var rows = RowsFor(targetRows);
        var left = Math.Min(_columns, Math.Max(0, -_firstColumn)) * PixelFloats;
        var inside = Math.Max(0, Math.Min(_width, _firstColumn + _columns) - Math.Max(0, _firstColumn)) * PixelFloats;
        var right = (int)Pitch - left - inside;
        var first = Math.Max(0, _firstColumn) * PixelFloats;
        for (; blocks > 0; blocks--, block++, target += BlockStride)
        {
            var plane = sample + (block * _strides.Block) + first;
            var to = target;
            for (var row = firstRow; row < firstRow + rows; row++, to += Pitch)
            {
                if (row < 0 || row >= _height)
                {
                    new Span<float>(to, (int)Pitch).Clear();
                    continue;
                }

                new Span<float>(to, left).Clear();
                new Span<float>(plane + ((nint)row * _width * PixelFloats), inside).CopyTo(new Span<float>(to + left, inside));
                new Span<float>(to + left + inside, right).Clear();
            }
        }
    }
}

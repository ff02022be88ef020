using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>A matrix in memory: element (i, j) is <c>Data[i * RowStride + j * ColumnStride]</c>.</summary>
internal readonly unsafe struct Matrix(float* data, nint rowStride, nint columnStride)
{
    public readonly float* Data = data;
    public readonly nint RowStride = rowStride;
    public readonly nint ColumnStride = columnStride;

    /// <summary>The transpose, in place.</summary>
    public Matrix T => new(Data, ColumnStride, RowStride);

    /// <summary>Rows of consecutive elements, <paramref name="leadingDimension"/> floats apart.</summary>
    public static Matrix RowMajor(float* data, nint leadingDimension) => new(data, leadingDimension, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At(nint row, nint column) => Data + (row * RowStride) + (column * ColumnStride);
}

/// <summary>What the product is added to.</summary>
internal enum GemmStartKind
{
    Zero,
    Accumulate,
    RowBias,
    ColumnBias,
}

/// <summary>What the product is added to, with the bias vector where there is one.</summary>
internal readonly unsafe struct GemmStart
{
    public readonly GemmStartKind Kind;
    public readonly float* Bias;

    private GemmStart(GemmStartKind kind, float* bias)
    {
        Kind = kind;
        Bias = bias;
    }

    /// <summary>C = A·B.</summary>
    public static GemmStart Zero => default;

    /// <summary>C += A·B.</summary>
    public static GemmStart Accumulate => new(GemmStartKind.Accumulate, null);

    /// <summary>C[i, j] = (A·B)[i, j] + bias[i].</summary>
    public static GemmStart RowBias(float* bias) => new(GemmStartKind.RowBias, bias);

    /// <summary>C[i, j] = (A·B)[i, j] + bias[j].</summary>
    public static GemmStart ColumnBias(float* bias) => new(GemmStartKind.ColumnBias, bias);

    /// <summary>The same for the transposed product; not where it adds to what is there.</summary>
    public GemmStart Transposed => Kind switch
    {
        GemmStartKind.RowBias => ColumnBias(Bias),
        GemmStartKind.ColumnBias => RowBias(Bias),
        _ => this,
    };

    /// <summary>What is added to C[row, column], whose value before is <paramref name="previous"/>.</summary>
    public float At(nint row, nint column, float previous) => Kind switch
    {
        GemmStartKind.Accumulate => previous,
        GemmStartKind.RowBias => Bias[row],
        GemmStartKind.ColumnBias => Bias[column],
        _ => 0f,
    };

    /// <summary>The bias of a tile whose first element is (row, column).</summary>
    public float* TileBias(nint row, nint column) => Kind switch
    {
        GemmStartKind.RowBias => Bias + row,
        GemmStartKind.ColumnBias => Bias + column,
        _ => null,
    };
}

/// <summary>Memory of <see cref="Gemm.PanelsLength"/> floats in which the panels of B stay from product to product.</summary>
/// <param name="memory">The memory, or null to pack B anew each time.</param>
/// <param name="isCurrent">Whether the panels are those of this B.</param>
internal readonly unsafe struct KeptPanels(float* memory, bool isCurrent)
{
    public readonly float* Memory = memory;
    public readonly bool IsCurrent = isCurrent;

    public bool IsUsed => Memory != null;
}

/// <summary>A number that the JIT knows.</summary>
internal interface IConstant
{
    static abstract int Value { get; }
}

internal readonly struct One : IConstant
{
    public static int Value => 1;
}

internal readonly struct Two : IConstant
{
    public static int Value => 2;
}

internal readonly struct Three : IConstant
{
    public static int Value => 3;
}

internal readonly struct Four : IConstant
{
    public static int Value => 4;
}

internal readonly struct Five : IConstant
{
    public static int Value => 5;
}

internal readonly struct Six : IConstant
{
    public static int Value => 6;
}

internal readonly struct Seven : IConstant
{
    public static int Value => 7;
}

internal readonly struct Eight : IConstant
{
    public static int Value => 8;
}

/// <summary>Where row i of A lies, seen from row 0.</summary>
internal interface IRowLayout
{
    static abstract nint Offset(int row, nint stride);
}

/// <summary>Rows are adjacent floats (A transposed, or packed): offsets are constants in the instruction.</summary>
internal readonly struct AdjacentRows : IRowLayout
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Offset(int row, nint stride) => row;
}

/// <summary>Rows are a stride apart: eight streams, each read in order.</summary>
internal readonly struct StridedRows : IRowLayout
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Offset(int row, nint stride) => row * stride;
}

using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Consecutive steps of a tile.</summary>
/// <param name="A">Where the first lies in A, in floats.</param>
/// <param name="Step">Which step of B is the first.</param>
internal readonly record struct TileRun(nint A, nint Step);

/// <summary>What a register tile is computed from and where it goes. All offsets are in floats.</summary>
internal unsafe struct TileOperands
{
    /// <summary>What the offsets of rows and runs in A count from.</summary>
    public float* A;

    /// <summary>The offset of each row of the tile in A.</summary>
    public nint* ARows;

    /// <summary>From a step to the next in A, with <see cref="PixelSteps"/>.</summary>
    public nint AStep;

    /// <summary>The first step of B.</summary>
    public float* B;

    /// <summary>From a vector of B to the next, with <see cref="PixelSteps"/>.</summary>
    public nint BVector;

    /// <summary>The runs of steps.</summary>
    public TileRun* Runs;

    /// <summary>How many runs there are; none leaves what the tile starts from.</summary>
    public int RunCount;

    /// <summary>The steps of each run.</summary>
    public int RunLength;

    /// <summary>What the offsets of rows in C count from.</summary>
    public float* C;

    /// <summary>The offset of each row of the tile in C.</summary>
    public nint* CRows;

    /// <summary>From a vector of a row of C to the next.</summary>
    public nint CVector;

    /// <summary>Whether the tile starts from what C holds.</summary>
    public bool Accumulates;

    /// <summary>The vectors that every row starts from where it does not accumulate; null for zero.</summary>
    public float* Bias;

    /// <summary>What is added in the end, laid out as C; or null.</summary>
    public float* Addend;

    /// <summary>Whether negative results become zero.</summary>
    public bool Relu;
}

/// <summary>How A and B go from step to step; what is constant here is constant in the instructions.</summary>
internal interface ITileSteps
{
    static abstract nint A(nint step);

    static abstract nint B(int tileWidth, int lanes);

    static abstract nint Vector(int lanes, nint apart);
}

/// <summary>A step is an element of a filter: adjacent floats of A, and a packed row of weights.</summary>
internal readonly struct FilterSteps : ITileSteps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint A(nint step) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint B(int tileWidth, int lanes) => tileWidth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Vector(int lanes, nint apart) => lanes;
}

/// <summary>A step is a pixel: a stride in A, and one vector of each of several blocks of channels.</summary>
internal readonly struct PixelSteps : ITileSteps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint A(nint step) => step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint B(int tileWidth, int lanes) => lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Vector(int lanes, nint apart) => apart;
}

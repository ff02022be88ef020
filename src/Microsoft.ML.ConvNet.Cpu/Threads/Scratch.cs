using System.Runtime.InteropServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>What a thread's scratch memory is for; a buffer is overwritten by the next use for the same purpose.</summary>
internal enum ScratchUse
{
    GemmPackedB,
    GemmTransposed,
    Reduction,
    BatchNorm,
    Im2Col,
    TiledOutputs,
    DepthwisePlane,
    DirectSource,
    LaneSquares,
    WinogradInputs,
    WinogradOutputs,
    WinogradFilter,
    WinogradGradient,
    Pool,
    Resample,
    Count,
}

/// <summary>
/// Native memory that a thread keeps for its temporary panels: aligned to 64 bytes, grown on demand, never cleared, and
/// freed some time after its thread has ended.
/// </summary>
internal sealed unsafe class Scratch
{
    private const nuint Alignment = 64;

    [ThreadStatic]
    private static Scratch? _ofThisThread;

    private readonly nint[] _buffers = new nint[(int)ScratchUse.Count];
    private readonly nint[] _sizes = new nint[(int)ScratchUse.Count];

    private Scratch()
    {
    }

    ~Scratch()
    {
        foreach (var buffer in _buffers)
            NativeMemory.AlignedFree((void*)buffer);
    }

    /// <summary>At least <paramref name="floats"/> floats, with arbitrary contents.</summary>
    public static float* Get(ScratchUse use, nint floats)
    {
        var scratch = _ofThisThread ??= new Scratch();
        var index = (int)use;
        if (scratch._sizes[index] < floats)
        {
            NativeMemory.AlignedFree((void*)scratch._buffers[index]);
            scratch._buffers[index] = 0;
            scratch._sizes[index] = 0;
            scratch._buffers[index] = (nint)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), Alignment);
            scratch._sizes[index] = floats;
        }

        return (float*)scratch._buffers[index];
    }
}

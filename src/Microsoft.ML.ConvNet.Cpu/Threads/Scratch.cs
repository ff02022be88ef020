using System.Runtime.InteropServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>What a thread's scratch memory is for; a buffer is overwritten by the next use for the same purpose.</summary>
internal enum ScratchUse
{
    GemmPackedB,
    Reduction,
    BatchNorm,
    Im2Col,
    TiledOutputs,
    DepthwisePlane,
    Softmax,
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
    private static Scratch? ofThisThread;

    private readonly nint[] buffers = new nint[(int)ScratchUse.Count];
    private readonly nint[] sizes = new nint[(int)ScratchUse.Count];

    private Scratch()
    {
    }

    ~Scratch()
    {
        foreach (var buffer in buffers)
            NativeMemory.AlignedFree((void*)buffer);
    }

    /// <summary>At least <paramref name="floats"/> floats, with arbitrary contents.</summary>
    public static float* Get(ScratchUse use, nint floats)
    {
        var scratch = ofThisThread ??= new Scratch();
        var index = (int)use;
        if (scratch.sizes[index] < floats)
        {
            NativeMemory.AlignedFree((void*)scratch.buffers[index]);
            scratch.buffers[index] = 0;
            scratch.sizes[index] = 0;
            scratch.buffers[index] = (nint)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), Alignment);
            scratch.sizes[index] = floats;
        }

        return (float*)scratch.buffers[index];
    }
}

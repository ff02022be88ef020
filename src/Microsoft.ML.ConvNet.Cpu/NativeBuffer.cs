using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Native memory on a multiple of 64 bytes, which the garbage collector neither moves nor scans.</summary>
internal sealed unsafe class NativeBuffer : DeviceBuffer
{
    private const nuint Alignment = 64;

    public NativeBuffer(long length)
    {
        Length = length;
        var bytes = checked((nuint)Math.Max(1, length) * sizeof(float));
        Pointer = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(Pointer, bytes);
    }

    ~NativeBuffer() => Dispose(false);

    public override long Length { get; }

    public float* Pointer { get; private set; }

    public override Span<float> HostSpan(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(Pointer == null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Length);
        return new Span<float>(Pointer + offset, length);
    }

    public override void Write(long offset, ReadOnlySpan<float> source) => source.CopyTo(HostSpan(offset, source.Length));

    public override void Read(long offset, Span<float> destination) => HostSpan(offset, destination.Length).CopyTo(destination);

    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        base.Dispose(disposing);
    }
}

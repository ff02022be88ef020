using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Native memory on a multiple of 64 bytes, which the garbage collector neither moves nor scans. It is zero, but not touched: the system
/// clears pages when they are first used.
/// </summary>
internal sealed unsafe class NativeBuffer : DeviceBuffer
{
    private const nuint Alignment = 64;

    private void* _block;

    public NativeBuffer(long length)
    {
        Length = length;
        _block = NativeMemory.AllocZeroed(checked(((nuint)Math.Max(1, length) * sizeof(float)) + Alignment));
        Pointer = (float*)(((nuint)_block + Alignment - 1) / Alignment * Alignment);
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
        NativeMemory.Free(_block);
        _block = null;
        Pointer = null;
        base.Dispose(disposing);
    }
}

using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Memory of a device. Copies wait for what was started before them.</summary>
internal sealed class GpuBuffer : DeviceBuffer
{
    private readonly Accelerator _accelerator;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _memory;

    public GpuBuffer(Accelerator accelerator, long length)
    {
        (_accelerator, Length) = (accelerator, length);
        accelerator.Bind();
        _memory = accelerator.Allocate1D<float>(Math.Max(1, length));
        _memory.MemSetToZero();
    }

    public override long Length { get; }

    /// <summary>A part of the memory, for kernels.</summary>
    public ArrayView<float> View(long offset, long length) => _memory.View.BaseView.SubView(offset, length);

    public override void Write(long offset, ReadOnlySpan<float> source)
    {
        Check(offset, source.Length);
        if (source.IsEmpty)
            return;
        _accelerator.Bind();
        _memory.View.SubView(offset, source.Length).CopyFromCPU(_accelerator.DefaultStream, source);
    }

    public override void Read(long offset, Span<float> destination)
    {
        Check(offset, destination.Length);
        if (destination.IsEmpty)
            return;
        _accelerator.Bind();
        _memory.View.SubView(offset, destination.Length).CopyToCPU(_accelerator.DefaultStream, destination);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _memory.Dispose();
        base.Dispose(disposing);
    }

    private void Check(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Length);
    }
}

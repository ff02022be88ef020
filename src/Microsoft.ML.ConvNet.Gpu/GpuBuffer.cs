using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Memory of a device. Copies wait for what was started before them.</summary>
internal sealed class GpuBuffer : DeviceBuffer
{
    private readonly Dictionary<long, Upload> _uploads = [];
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

    /// <summary>The address of a float on the device.</summary>
    public nint Address(long offset) => _memory.NativePtr + (nint)(offset * sizeof(float));

    public override void Write(long offset, ReadOnlySpan<float> source)
    {
        Check(offset, source.Length);
        if (source.IsEmpty)
            return;
        _accelerator.Bind();
        _memory.View.SubView(offset, source.Length).CopyFromCPU(_accelerator.DefaultStream, source);
    }

    public override Action BeginWrite(long offset, ReadOnlyMemory<float> source)
    {
        Check(offset, source.Length);
        if (source.IsEmpty || UploadTo(offset, source.Length) is not { } upload)
            return base.BeginWrite(offset, source);
        upload.Begin(source.Span);
        return () =>
        {
            _accelerator.Bind();
            upload.End(_memory.View.SubView(offset, source.Length));
        };
    }

    public override void Read(long offset, Span<float> destination)
    {
        Check(offset, destination.Length);
        if (destination.IsEmpty)
            return;
        _accelerator.Bind();
        _memory.View.SubView(offset, destination.Length).CopyToCPU(_accelerator.DefaultStream, destination);
    }

    public override void CopyTo(long offset, DeviceBuffer target, long targetOffset, int length)
    {
        Check(offset, length);
        ((GpuBuffer)target).Check(targetOffset, length);
        _accelerator.Bind();
        View(offset, length).CopyTo(_accelerator.DefaultStream, ((GpuBuffer)target).View(targetOffset, length));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var upload in _uploads.Values)
                upload.Dispose();
            _memory.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The way to a place, as long as the longest write so far; none where memory does not suffice for it.</summary>
    private Upload? UploadTo(long offset, int length)
    {
        _accelerator.Bind();
        if (_uploads.TryGetValue(offset, out var upload) && upload.Length >= length)
            return upload;
        try
        {
            upload?.Dispose();
            _uploads.Remove(offset);
            return _uploads[offset] = new Upload(_accelerator, length);
        }
        catch (AcceleratorException)
        {
            return null;
        }
    }

    private void Check(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Length);
    }
}

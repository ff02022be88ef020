using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// A write in two halves: the values travel from page-locked memory to a buffer beside their place on a stream of their own, while kernels that still use the place
/// run on the other; then a copy on the device brings them there.
/// </summary>
internal sealed class Upload : IDisposable
{
    private readonly Accelerator _accelerator;
    private readonly PageLockedArray1D<float> _host;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _beside;
    private readonly AcceleratorStream _stream;

    /// <exception cref="AcceleratorException">There is not enough memory.</exception>
    public Upload(Accelerator accelerator, int length)
    {
        (_accelerator, Length) = (accelerator, length);
        _beside = accelerator.Allocate1D<float>(length);
        _host = accelerator.AllocatePageLocked1D<float>(length);
        _stream = accelerator.CreateStream();
    }

    /// <summary>The most values of a write.</summary>
    public int Length { get; }

    /// <summary>Sends the values on their way.</summary>
    public void Begin(ReadOnlySpan<float> source)
    {
        source.CopyTo(_host.Span);
        _beside.View.CopyFromPageLockedAsync(_stream, _host);
    }

    /// <summary>Copies what has arrived to its place, and waits until the buffer beside it is free again.</summary>
    public void End(ArrayView1D<float, Stride1D.Dense> place)
    {
        _stream.Synchronize();
        _beside.View.SubView(0, place.Length).CopyTo(_accelerator.DefaultStream, place);
        _accelerator.DefaultStream.Synchronize();
    }

    public void Dispose()
    {
        // What was begun may never be ended; it must not read memory that is gone.
        _accelerator.Bind();
        _stream.Synchronize();
        _stream.Dispose();
        _host.Dispose();
        _beside.Dispose();
    }
}

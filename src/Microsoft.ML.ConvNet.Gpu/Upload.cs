using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Writes to one place in two halves: the values travel from page-locked memory to a buffer beside their place on a stream of their own, while kernels that still use the place
/// run on the other; then a copy on the device brings them there. Buffers take turns, so that only every round of them is waited for, and small networks,
/// whose steps are shorter than what a wait costs, do not stand still.
/// </summary>
internal sealed class Upload : IDisposable
{
    /// <summary>The most memory that buffers take, unless one takes more.</summary>
    private const long MostBytes = 1L << 26;

    private const int MostBuffers = 16;

    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;
    private readonly List<(PageLockedArray1D<float> Host, MemoryBuffer1D<float, Stride1D.Dense> Beside)> _buffers = [];
    private int _next;

    /// <exception cref="AcceleratorException">There is not enough memory.</exception>
    public Upload(Accelerator accelerator, int length)
    {
        (_accelerator, Length) = (accelerator, length);
        _stream = accelerator.CreateStream();
        try
        {
            for (var left = Math.Clamp(MostBytes / (sizeof(float) * length), 1, MostBuffers); left > 0; left--)
                _buffers.Add((accelerator.AllocatePageLocked1D<float>(length), accelerator.Allocate1D<float>(length)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The most values of a write.</summary>
    public int Length { get; }

    /// <summary>Sends the values on their way.</summary>
    public void Begin(ReadOnlySpan<float> source)
    {
        var (host, beside) = _buffers[_next];
        source.CopyTo(host.Span);
        beside.View.CopyFromPageLockedAsync(_stream, host);
    }

    /// <summary>Copies what has arrived to its place; after the last buffer, waits until all are free again.</summary>
    public void End(ArrayView1D<float, Stride1D.Dense> place)
    {
        _stream.Synchronize();
        _buffers[_next].Beside.View.SubView(0, place.Length).CopyTo(_accelerator.DefaultStream, place);
        _next = (_next + 1) % _buffers.Count;
        if (_next == 0)
            _accelerator.DefaultStream.Synchronize();
    }

    public void Dispose()
    {
        // What was begun may never be ended, and what was ended may not have been copied; neither must read memory that is gone.
        _accelerator.Bind();
        _stream.Synchronize();
        _accelerator.DefaultStream.Synchronize();
        _stream.Dispose();
        foreach (var (host, beside) in _buffers)
        {
            host.Dispose();
            beside.Dispose();
        }
    }
}

using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Memory of the device, its parts, and copies to and from the host.</summary>
[Collection(DeviceCollection.Name)]
public sealed class CopyTests(DeviceFixture device)
{
    private readonly Accelerator _accelerator = device.Accelerator;
    private readonly float[] _values = DeviceFixture.Ramp(100);

    [Fact]
    public void Arrays_come_back()
    {
        using var buffer = _accelerator.Allocate1D<float>(100);
        buffer.CopyFromCPU(_values);
        var back = new float[100];
        buffer.CopyToCPU(back);

        Assert.Equal(_values, back);
        Assert.Equal(_values, buffer.GetAsArray1D());
        Assert.Equal(100, buffer.Length);
        Assert.Equal(400, buffer.LengthInBytes);
        Assert.Equal(100, buffer.View.IntLength);
        Assert.True(buffer.IsValid);
    }

    [Fact]
    public void Spans_come_back()
    {
        using var buffer = _accelerator.Allocate1D<float>(100);
        ArrayView<float> view = buffer.View;
        view.SubView(10, 30).CopyFromCPU(_accelerator.DefaultStream, new ReadOnlySpan<float>(_values, 20, 30));
        var back = new float[50];
        view.SubView(15, 5).CopyToCPU(_accelerator.DefaultStream, new Span<float>(back, 7, 5));

        Assert.Equal(_values[25..30], back[7..12]);
        Assert.Equal(0, back[12]);
    }

    [Fact]
    public void References_come_back()
    {
        using var buffer = _accelerator.Allocate1D<float>(100);
        buffer.View.CopyFromCPU(ref _values[0], 60);
        var back = new float[20];
        buffer.View.BaseView.SubView(40, 20).CopyToCPU(ref back[0], 20);

        Assert.Equal(_values[40..60], back);
    }

    [Fact]
    public void Parts_share_their_buffer()
    {
        using var buffer = _accelerator.Allocate1D(_values);
        ArrayView<float> part = buffer.View.SubView(20, 50), inner = part.SubView(10, 5), rest = part.SubView(45);
        inner.CopyFromCPU(new float[5]);

        Assert.Equal([.. _values[..30], 0, 0, 0, 0, 0, .. _values[35..]], buffer.GetAsArray1D());
        Assert.Equal(_values[65..70], rest.GetAsArray());
        Assert.Equal(5, inner.Length);
        Assert.Equal(20, inner.LengthInBytes);
        Assert.Equal(_accelerator, inner.GetAccelerator());
    }

    [Fact]
    public void Buffers_are_copied_on_the_device()
    {
        using var source = _accelerator.Allocate1D(_values);
        using var target = _accelerator.Allocate1D<float>(100);
        source.CopyTo(target);
        target.View.BaseView.SubView(0, 10).CopyFrom(source.View.BaseView.SubView(90, 10));
        source.View.SubView(0, 5).CopyTo(target.View.SubView(95, 5));

        Assert.Equal([.. _values[90..], .. _values[10..95], .. _values[..5]], target.GetAsArray1D());
    }

    [Fact]
    public void Memory_is_set()
    {
        using var buffer = _accelerator.Allocate1D(_values);
        buffer.View.SubView(10, 20).MemSetToZero();
        buffer.View.BaseView.SubView(50, 2).MemSet(0xFF);

        var back = buffer.GetAsArray1D();
        Assert.Equal([.. _values[..10], .. new float[20], .. _values[30..50]], back[..50]);
        Assert.True(float.IsNaN(back[50]) && float.IsNaN(back[51]));
        buffer.MemSetToZero();
        Assert.Equal(new float[100], buffer.GetAsArray1D());
    }

    [Fact]
    public void Elements_are_seen_as_others()
    {
        using var buffer = _accelerator.Allocate1D(_values);
        var quads = buffer.View.BaseView.Cast<Quad>().AsAligned16();
        var bits = buffer.View.Cast<float, uint>();

        Assert.Equal(25, quads.Length);
        Assert.Equal(_values[8..12], quads.SubView(2, 1).Cast<float>().GetAsArray());
        Assert.Equal(Interop.FloatAsInt(_values[3]), bits.GetAsArray1D()[3]);
    }

    [Fact]
    public void Page_locked_arrays_come_back()
    {
        using var buffer = _accelerator.Allocate1D<float>(100);
        using var source = _accelerator.AllocatePageLocked1D<float>(40);
        using var target = _accelerator.AllocatePageLocked1D<float>(40);
        using var stream = _accelerator.CreateStream();
        _values.AsSpan(0, 40).CopyTo(source.Span);
        buffer.View.SubView(50, 40).CopyFromPageLockedAsync(stream, source);
        buffer.View.SubView(50, 40).CopyToPageLockedAsync(stream, target);
        stream.Synchronize();

        Assert.Equal(_values[..40], target.GetArray());
        Assert.Equal(40, target.Length);
        Assert.Equal(_values[39], target[39]);
    }

    [Fact]
    public void Arrays_must_be_large_enough()
    {
        using var buffer = _accelerator.Allocate1D<float>(100);

        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyFromCPU(new float[99]));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyToCPU(new float[99]));
        Assert.Throws<ArgumentNullException>(() => buffer.CopyFromCPU((float[])null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => _accelerator.Allocate1D<float>(-1));
    }

    [Fact]
    public void Disposed_buffers_are_gone()
    {
        var buffer = _accelerator.Allocate1D(_values);
        buffer.Dispose();
        buffer.Dispose();

        Assert.True(buffer.IsDisposed);
        Assert.False(buffer.IsValid);
        Assert.Equal(0, buffer.NativePtr);
        Assert.False(buffer.View.IsValid);
        Assert.Equal(0, buffer.View.Length);
    }
}

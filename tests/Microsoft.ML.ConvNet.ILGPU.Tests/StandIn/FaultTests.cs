using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Mistakes that a device answers with garbage, a crash or a hang, and the stand-in with an exception.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly Context _context;
    private readonly Accelerator _accelerator;

    public FaultTests()
    {
        _context = Context.Create(builder => builder.CPU(CPUDeviceKind.AMD));
        _accelerator = _context.CreateCPUAccelerator(0);
    }

    [Fact]
    public void Places_outside_a_view()
    {
        using var x = _accelerator.Allocate1D<int>(10);
        _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(IndexedKernels.Store)(11, x.View, 1);

        var error = Assert.Throws<IndexOutOfRangeException>(_accelerator.Synchronize);
        Assert.Equal("Element 10 of a view of 10.", error.Message);
        _accelerator.Synchronize();
    }

    [Fact]
    public void Exceptions_of_one_thread_of_a_group()
    {
        using var x = _accelerator.Allocate1D<int>(20);
        _accelerator.LoadStreamKernel<ArrayView<int>>(FaultKernels.FailsBehindABarrier)(new KernelConfig(1, 32), x.View);

        Assert.Throws<IndexOutOfRangeException>(() => x.GetAsArray1D());
    }

    [Fact]
    public void Exceptions_among_many_groups()
    {
        using var x = _accelerator.Allocate1D<int>(20);
        _accelerator.LoadStreamKernel<ArrayView<int>>(FaultKernels.FailsBehindABarrier)(new KernelConfig(2000, 32), x.View);

        Assert.Throws<IndexOutOfRangeException>(_accelerator.Synchronize);
    }

    [Fact]
    public void Barriers_at_which_threads_do_not_meet()
    {
        using var x = _accelerator.Allocate1D<int>(32);
        _accelerator.LoadStreamKernel<ArrayView<int>>(FaultKernels.Diverges)(new KernelConfig(1, 32), x.View);

        Assert.Contains("FaultKernels.Diverges", Assert.Throws<InvalidOperationException>(_accelerator.Synchronize).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_memory_taken_for_zeros()
    {
        using var x = _accelerator.Allocate1D<float>(10);

        Assert.All(x.GetAsArray1D(), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Results_that_nobody_waited_for()
    {
        using var stream = _accelerator.CreateStream();
        using var x = _accelerator.Allocate1D(new int[10]);
        _accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(IndexedKernels.Store)(stream, 10, x.View, 7);

        Assert.Equal(0, x.GetAsArray1D()[0]);
        stream.Synchronize();
        Assert.Equal(7, x.GetAsArray1D()[0]);
    }

    [Fact]
    public void Launches_that_no_device_takes()
    {
        using var x = _accelerator.Allocate1D<int>(10);
        var sum = _accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(GroupKernels.Sum);

        Assert.Throws<ArgumentOutOfRangeException>(() => sum(new KernelConfig(1, 257), x.View, x.View));
        Assert.Throws<NotSupportedException>(() => sum(new KernelConfig(new Index2D(1, 1), new Index2D(32, 9)), x.View, x.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => sum(new KernelConfig(new Index2D(1, 65536), new Index2D(1, 1)), x.View, x.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => _accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView<int>, int>(IndexedKernels.Plane)(new Index2D(1, 65536), x.View, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => sum(new KernelConfig(0, 128), x.View, x.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(IndexedKernels.Store)(0, x.View, 1));
    }

    [Fact]
    public void Kernels_that_no_compiler_takes()
    {
        var captured = 3;

        Assert.Throws<NotSupportedException>(() => _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>((index, x) => x[index] = captured));
        Assert.Throws<NotSupportedException>(() => _accelerator.LoadStreamKernel<ArrayView<int>>(FaultKernels.CallsItself));
        Assert.Throws<InvalidOperationException>(() => Grid.IdxX);
    }

    [Fact]
    public void Types_that_no_device_takes()
    {
        Assert.Throws<NotSupportedException>(() => _accelerator.Allocate1D<bool>(10));
        Assert.Throws<ArgumentException>(() => _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, bool>((index, x, flag) => x[index] = flag ? 1 : 0));
        Assert.Throws<NotSupportedException>(() => _accelerator.LoadAutoGroupedStreamKernel<Index1D, Hidden>((index, hidden) => hidden.View[index] = 1));
        _accelerator.LoadAutoGroupedStreamKernel<Index1D, (ArrayView<int>, int)>((index, pair) => pair.Item1[index] = pair.Item2);
    }

    [Fact]
    public void Memory_that_has_been_freed()
    {
        var x = _accelerator.Allocate1D<int>(10);
        ArrayView<int> view = x.View;
        x.Dispose();

        Assert.Throws<ObjectDisposedException>(() => view.GetAsArray());
        _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(IndexedKernels.Store)(10, view, 1);
        Assert.Throws<ObjectDisposedException>(_accelerator.Synchronize);
        _accelerator.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _accelerator.Allocate1D<int>(10));
        Assert.Throws<ObjectDisposedException>(_accelerator.CreateStream);
    }

    [Fact]
    public void Memory_that_there_is_not()
    {
        Assert.Throws<OutOfMemoryException>(() => _accelerator.Allocate1D<float>(1L << 46));
        Assert.Throws<OutOfMemoryException>(() => _accelerator.Allocate1D<float>(long.MaxValue));
    }

    [Fact]
    public void Parts_that_reach_out_of_their_view()
    {
        using var x = _accelerator.Allocate1D<float>(10);
        ArrayView<float> view = x.View;

        Assert.Throws<IndexOutOfRangeException>(() => view.SubView(5, 6));
        Assert.Throws<IndexOutOfRangeException>(() => view.SubView(10, 0));
        Assert.Throws<InvalidOperationException>(() => view.SubView(1, 9).Cast<Quad>());
        Assert.Throws<InvalidOperationException>(() => view.SubView(1, 9).AsAligned16());
    }

    internal readonly struct Hidden
    {
        public ArrayView<int> View { get; init; }
    }

    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }
}

public static class FaultKernels
{
    public static void FailsBehindABarrier(ArrayView<int> x)
    {
        Group.Barrier();
        x[Group.IdxX] = 1;
    }

    public static void Diverges(ArrayView<int> x)
    {
        if (Group.IdxX < 16)
            Group.Barrier();
        else
            x[Group.IdxX] = 1;
        if (Group.IdxX >= 16)
            Group.Barrier();
        x[Group.IdxX] = 2;
    }

    public static void CallsItself(ArrayView<int> x)
    {
        Group.Barrier();
        if (x[0] > 0)
            CallsItself(x);
    }
}

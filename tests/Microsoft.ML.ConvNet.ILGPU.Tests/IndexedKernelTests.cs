using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Kernels that know an index and leave the groups to the library.</summary>
[Collection(DeviceCollection.Name)]
public sealed class IndexedKernelTests(DeviceFixture device)
{
    private readonly Accelerator _accelerator = device.Accelerator;

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(1000)]
    public void Every_index_of_a_line_comes_once(int length)
    {
        using var counts = _accelerator.Allocate1D(new int[length]);
        _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(IndexedKernels.Count)(length, counts.View);

        Assert.All(counts.GetAsArray1D(), count => Assert.Equal(1, count));
    }

    [Fact]
    public void Indices_of_a_plane_and_of_a_box_come_in_their_extents()
    {
        using var plane = _accelerator.Allocate1D<int>(7 * 40);
        using var box = _accelerator.Allocate1D<int>(3 * 5 * 11);
        _accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView<int>, int>(IndexedKernels.Plane)(new Index2D(7, 40), plane.View, 7);
        _accelerator.LoadAutoGroupedStreamKernel<Index3D, ArrayView<int>, Index3D>(IndexedKernels.Box)(new Index3D(3, 5, 11), box.View, new Index3D(3, 5, 11));

        Assert.Equal(Enumerable.Range(0, 7 * 40), plane.GetAsArray1D());
        Assert.Equal(Enumerable.Range(0, 3 * 5 * 11), box.GetAsArray1D());
    }

    [Fact]
    public void Specialised_values_are_constants_of_the_kernel()
    {
        using var y = _accelerator.Allocate1D<int>(10);
        var kernel = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, SpecializedValue<int>>(IndexedKernels.Power);
        kernel(10, y.View, SpecializedValue.New(2));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => i * i), y.GetAsArray1D());
        kernel(10, y.View, SpecializedValue.New(3));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => i * i * i), y.GetAsArray1D());
    }

    [Fact]
    public void Mathematics_is_that_of_the_host()
    {
        var values = Enumerable.Range(1, 50).Select(i => i * 0.13f).ToArray();
        using var x = _accelerator.Allocate1D(values);
        using var y = _accelerator.Allocate1D<float>(50);
        _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(IndexedKernels.Mathematics)(50, x.View, y.View);

        Assert.All(values.Zip(y.GetAsArray1D()), pair => Assert.Equal(Expected(pair.First), pair.Second, 1e-4f * (1 + Math.Abs(Expected(pair.First)))));
    }

    [Fact]
    public void Arguments_are_those_of_the_launch()
    {
        using var y = _accelerator.Allocate1D<int>(2);
        var kernel = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(IndexedKernels.Store);
        var value = 5;
        kernel(1, y.View.SubView(0, 1), value);
        value = 6;
        kernel(1, y.View.SubView(1, 1), value);

        Assert.Equal([5, 6], y.GetAsArray1D());
    }

    [Fact]
    public void Local_memory_belongs_to_the_thread()
    {
        using var y = _accelerator.Allocate1D<int>(100);
        _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>>(IndexedKernels.Fibonacci)(40, y.View);

        Assert.Equal([0, 1, 1, 2, 3, 5, 8, 13], y.GetAsArray1D()[..8]);
        Assert.Equal(63245986, y.GetAsArray1D()[39]);
    }

    private static float Expected(float x) =>
        MathF.Sqrt(x) + MathF.Exp(-x) + MathF.Log(x) + MathF.Tanh(x) + MathF.Pow(x, 1.5f) + MathF.Floor(x) + 1 / MathF.Sqrt(x) + Math.Clamp(x, 1, 2) + MathF.Max(x, 3) - MathF.Min(x, 3) + MathF.Abs(-x);
}

public static class IndexedKernels
{
    public static void Count(Index1D index, ArrayView<int> counts) => counts[index] += 1;

    public static void Plane(Index2D index, ArrayView<int> y, int width) => y[index.Y * width + index.X] = index.Y * width + index.X;

    public static void Box(Index3D index, ArrayView<int> y, Index3D extent)
    {
        var place = (index.Z * extent.Y + index.Y) * extent.X + index.X;
        y[place] = place;
    }

    public static void Power(Index1D index, ArrayView<int> y, SpecializedValue<int> power)
    {
        var product = 1;
        for (var i = 0; i < power.Value; i++)
            product *= index;
        y[index] = product;
    }

    public static void Mathematics(Index1D index, ArrayView<float> x, ArrayView<float> y)
    {
        var v = x[index];
        y[index] = XMath.Sqrt(v) + XMath.Exp(-v) + XMath.Log(v) + XMath.Tanh(v) + XMath.Pow(v, 1.5f) + XMath.Floor(v) + XMath.Rsqrt(v) + XMath.Clamp(v, 1, 2) + XMath.Max(v, 3) - XMath.Min(v, 3) + XMath.Abs(-v);
    }

    public static void Store(Index1D index, ArrayView<int> y, int value) => y[index] = value;

    public static void Fibonacci(Index1D index, ArrayView<int> y)
    {
        var numbers = LocalMemory.Allocate<int>(40);
        numbers[0] = 0;
        numbers[1] = 1;
        for (var i = 2; i <= index; i++)
            numbers[i] = numbers[i - 1] + numbers[i - 2];
        y[index] = numbers[index];
    }
}

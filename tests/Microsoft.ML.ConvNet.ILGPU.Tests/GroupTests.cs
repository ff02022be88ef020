using ILGPU;
using ILGPU.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Groups with barriers and shared memory.</summary>
[Collection(DeviceCollection.Name)]
public sealed class GroupTests(DeviceFixture device)
{
    private readonly Accelerator _accelerator = device.Accelerator;

    [Theory]
    [InlineData(16, 16)]
    [InlineData(48, 32)]
    [InlineData(33, 50)]
    public void Tiles_are_transposed_through_shared_memory(int rows, int columns)
    {
        var source = DeviceFixture.Ramp(rows * columns);
        using var x = _accelerator.Allocate1D(source);
        using var y = _accelerator.Allocate1D<float>(source.Length);
        var config = new KernelConfig(new Index2D((columns + GroupKernels.Tile - 1) / GroupKernels.Tile, (rows + GroupKernels.Tile - 1) / GroupKernels.Tile), new Index2D(GroupKernels.Tile, GroupKernels.Tile));
        _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int>(GroupKernels.Transpose)(config, x.View, y.View, rows, columns);

        var transposed = y.GetAsArray1D();
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                Assert.Equal(source[row * columns + column], transposed[column * rows + row]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(1000)]
    public void A_tree_of_barriers_sums_each_group(int length)
    {
        var groups = (length + GroupKernels.Threads - 1) / GroupKernels.Threads;
        using var x = _accelerator.Allocate1D(Enumerable.Range(0, length).ToArray());
        using var sums = _accelerator.Allocate1D<int>(groups);
        _accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(GroupKernels.Sum)(new KernelConfig(groups, GroupKernels.Threads), x.View, sums.View);

        Assert.Equal(Enumerable.Range(0, length).Chunk(GroupKernels.Threads).Select(chunk => chunk.Sum()), sums.GetAsArray1D());
    }

    [Theory]
    [InlineData(64, 64, 64)]
    [InlineData(17, 40, 23)]
    public void Matrices_are_multiplied_by_tiles(int m, int n, int k)
    {
        float[] left = [.. Enumerable.Range(0, m * k).Select(i => (float)(i % 7 - 3))], right = [.. Enumerable.Range(0, k * n).Select(i => (float)(i % 5 - 2))];
        using var a = _accelerator.Allocate1D(left);
        using var b = _accelerator.Allocate1D(right);
        using var c = _accelerator.Allocate1D<float>(m * n);
        var config = new KernelConfig(new Index2D((n + GroupKernels.Tile - 1) / GroupKernels.Tile, (m + GroupKernels.Tile - 1) / GroupKernels.Tile), new Index2D(GroupKernels.Tile, GroupKernels.Tile));
        _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixSizes>(GroupKernels.Multiply)(config, a.View, b.View, c.View, new MatrixSizes { M = m, N = n, K = k });

        var product = c.GetAsArray1D();
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
                Assert.Equal(Enumerable.Range(0, k).Sum(q => left[i * k + q] * right[q * n + j]), product[i * n + j]);
        }
    }

    [Fact]
    public void Methods_with_barriers_may_stand_in_expressions()
    {
        using var y = _accelerator.Allocate1D<int>(2 * GroupKernels.Threads);
        _accelerator.LoadStreamKernel<ArrayView<int>, int>(GroupKernels.SumsInExpressions)(new KernelConfig(2, GroupKernels.Threads), y.View, 3);

        const int threads = GroupKernels.Threads, sum = threads * (threads - 1) / 2;
        Assert.Equal(Enumerable.Range(0, 2 * threads).Select(i => i % threads + sum - 2 * (3 * threads)), y.GetAsArray1D());
    }

    [Fact]
    public void Operations_are_type_parameters()
    {
        using var x = _accelerator.Allocate1D(Enumerable.Range(0, GroupKernels.Threads).Select(i => i * 37 % 101).ToArray());
        using var y = _accelerator.Allocate1D<int>(2);
        _accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int>(GroupKernels.Combine<Largest>)(new KernelConfig(1, GroupKernels.Threads), x.View, y.View, 0);
        _accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int>(GroupKernels.Combine<Smallest>)(new KernelConfig(1, GroupKernels.Threads), x.View, y.View, 1);

        var values = x.GetAsArray1D();
        Assert.Equal([values.Max(), values.Min()], y.GetAsArray1D());
    }

    [Fact]
    public void Operations_may_have_barriers()
    {
        using var y = _accelerator.Allocate1D(DeviceFixture.Ramp(64));
        _accelerator.LoadStreamKernel<ArrayView<float>, Scaled>(GroupKernels.Reverse)(new KernelConfig(1, 64), y.View, new Scaled(2));

        var expected = DeviceFixture.Ramp(64);
        for (var step = 0; step < 3; step++)
            expected = [.. expected.Reverse().Select(value => 2 * value + step)];
        Assert.Equal(expected, y.GetAsArray1D());
    }

    [Fact]
    public void Variables_of_a_thread_survive_barriers()
    {
        using var y = _accelerator.Allocate1D<float>(64);
        _accelerator.LoadStreamKernel<ArrayView<float>>(GroupKernels.KeepsVariables)(new KernelConfig(2, 32), y.View);

        Assert.Equal(Enumerable.Range(0, 64).Select(i =>
        {
            float own = i % 32, neighbour = (i % 32 + 1) % 32;
            return 10 * own + 4 * neighbour + own;
        }), y.GetAsArray1D());
    }

    [Fact]
    public void Threads_know_their_place()
    {
        using var y = _accelerator.Allocate1D<int>(2 * 3 * 2 * 4 * 2 * 2);
        _accelerator.LoadStreamKernel<ArrayView<int>>(GroupKernels.Places)(new KernelConfig(new Index3D(2, 3, 2), new Index3D(4, 2, 2)), y.View);

        Assert.Equal(Enumerable.Range(0, 192), y.GetAsArray1D());
    }

    [Fact]
    public void Whole_numbers_are_counted_atomically()
    {
        using var counts = _accelerator.Allocate1D(new int[4]);
        _accelerator.LoadStreamKernel<ArrayView<int>>(GroupKernels.Count)(new KernelConfig(8, 64), counts.View);

        Assert.Equal([512, 511, 128, 0], counts.GetAsArray1D());
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>All tiles on every product, also on those that another tile would be chosen for.</summary>
public class TileTests
{
    // Loaded kernels are shared by all tests.
    private static readonly GpuBackend[] _backends = [.. new[] { Tile.Small(16), Tile.Small(32), Tile.Small(64), Tile.Wide, Tile.Large, Tile.Thin(8), Tile.Thin(16) }.Select(tile => TestBackend.New(tile))];

    public static TheoryData<string> Products
        => OpCases.Names(c => c.Op is MatMulOp or ConvOp { Groups: 1, Adds: true, Relu: true } or ConvTransposeOp { Groups: 1 } or ConvWeightGradientOp { Groups: 1 });

    [Theory]
    [MemberData(nameof(Products))]
    public void All_tiles_give_the_product(string name) => AssertRight(OpCases.Find(name));

    [Theory]
    [InlineData(130, 257, 33, false, false)]
    [InlineData(129, 131, 70, true, false)]
    [InlineData(255, 128, 9, false, true)]
    [InlineData(97, 200, 600, true, true)]
    [InlineData(132, 260, 36, false, false)]
    [InlineData(132, 132, 1028, true, false)]
    [InlineData(64, 132, 1028, false, true)]
    [InlineData(128, 256, 44, true, true)]
    public void Products_over_several_tiles_are_right(int m, int n, int k, bool transposeA, bool transposeB)
    {
        var (a, b) = (transposeA ? new Shape(k, m) : new Shape(m, k), transposeB ? new Shape(n, k) : new Shape(k, n));
        AssertRight(new OpCase(new MatMulOp { TransposeA = transposeA, TransposeB = transposeB }, 1, new TensorType(a, false), new TensorType(b, false)));
    }

    [Theory]
    [InlineData(512, 100_352, 4608, 128, 128)]
    [InlineData(512, 4608, 100_352, 128, 128)]
    [InlineData(128, 1152, 200_704, 128, 128)]
    [InlineData(128, 1152, 1024, 64, 64)]
    [InlineData(64, 576, 802_816, 64, 128)]
    [InlineData(64, 802_816, 576, 64, 128)]
    [InlineData(802_816, 64, 576, 64, 64)]
    [InlineData(20, 100_000, 25, 32, 32)]
    [InlineData(100_000, 20, 25, 32, 32)]
    [InlineData(100_000, 10, 25, 16, 16)]
    [InlineData(6, 100_000, 25, 8, 128)]
    [InlineData(10, 100_000, 100, 16, 128)]
    [InlineData(20, 1000, 25, 64, 64)]
    [InlineData(10, 128, 100, 64, 64)]
    public void The_largest_tile_is_taken_that_keeps_the_device_busy_and_is_filled_where_that_matters(int rows, int columns, int depth, int tileRows, int tileColumns)
        => Assert.Equal(
            new Tile(tileRows, tileColumns),
            TiledProduct<MatrixProduct>.ChooseTile(new ProductShape { Rows = rows, Columns = columns, Depth = depth }, groups: 1));

    [Theory]
    [InlineData(512, 4608, 12_544, 1, 7)]
    [InlineData(512, 12_544, 4608, 1, 2)]
    [InlineData(512, 100_352, 4608, 1, 1)]
    [InlineData(64, 576, 802_816, 1, 256)]
    [InlineData(128, 1152, 1024, 1, 7)]
    [InlineData(256, 256, 3640, 36, 3)]
    [InlineData(100, 100, 100, 1, 1)]
    public void The_depth_is_split_for_a_busy_device_and_further_where_splits_stay_deep(int rows, int columns, int depth, int groups, int splits)
    {
        var shape = new ProductShape { Rows = rows, Columns = columns, Depth = depth };
        Assert.Equal(splits, TiledProduct<MatrixProduct>.ChooseSplits(shape, TiledProduct<MatrixProduct>.ChooseTile(shape, groups), groups));
    }

    [Fact]
    public void What_follows_a_product_follows_it_once_where_its_depth_is_split()
    {
        var axis = new WindowAxis(3, Before: 1, After: 1);
        TensorType activation = new([40, 5, 6], true), bias = new([40], false);
        var conv = new ConvOp { Window = new Window(axis, axis), Adds = true, Relu = true };
        AssertRight(new OpCase(conv, 3, new TensorType([64, 5, 6], true), new TensorType([40, 64, 3, 3], false), bias, activation));
        AssertRight(new OpCase(new MatMulOp(), 7, new TensorType([3000], true), new TensorType([3000, 40], false), bias));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 2)]
    [InlineData(4, 8)]
    public void Operands_may_begin_anywhere(int offsetA, int offsetB)
    {
        var opCase = new OpCase(new MatMulOp(), 1, new TensorType([20, 8], false), new TensorType([8, 12], false));
        var backend = _backends[0];
        using var memory = backend.Allocate(1000);
        memory.Write(offsetA, opCase.Values[0]);
        memory.Write(400 + offsetB, opCase.Values[1]);
        KernelRunner.Find(backend, opCase)!.Run(new KernelCall
        {
            Inputs = [new TensorView(memory, offsetA, opCase.Inputs[0]), new TensorView(memory, 400 + offsetB, opCase.Inputs[1])],
            Output = new TensorView(memory, 601, opCase.Output),
            Batch = 1,
        });
        backend.Synchronize();
        var product = new float[240];
        memory.Read(601, product);
        KernelRunner.AssertClose(opCase, opCase.Expected(), product);
    }

    private static void AssertRight(OpCase opCase)
    {
        var expected = opCase.Expected();
        foreach (var backend in _backends)
            KernelRunner.AssertClose(opCase, expected, KernelRunner.Run(backend, opCase).Output);
    }
}

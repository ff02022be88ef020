using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>The larger tiles on every product, also on those that another tile would be chosen for.</summary>
public class TileTests
{
    // Loaded kernels are shared by all tests.
    private static readonly GpuBackend[] _backends = [GpuBackend.OnCpu(tile: 32), GpuBackend.OnCpu(tile: 64), GpuBackend.OnCpu(tile: 128)];

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
    public void Products_over_several_tiles_are_right(int m, int n, int k, bool transposeA, bool transposeB)
    {
        var (a, b) = (transposeA ? new Shape(k, m) : new Shape(m, k), transposeB ? new Shape(n, k) : new Shape(k, n));
        AssertRight(new OpCase(new MatMulOp { TransposeA = transposeA, TransposeB = transposeB }, 1, new TensorType(a, false), new TensorType(b, false)));
    }

    private static void AssertRight(OpCase opCase)
    {
        var expected = opCase.Expected();
        foreach (var backend in _backends)
            KernelRunner.AssertClose(opCase, expected, KernelRunner.Run(backend, opCase).Output);
    }
}

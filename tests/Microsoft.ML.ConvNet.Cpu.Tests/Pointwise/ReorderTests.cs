using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu.Pointwise;

/// <summary>Activations move between layouts without a change.</summary>
public class ReorderTests
{
    [Theory]
    [InlineData(1, 16, 5, 7)]
    [InlineData(3, 48, 9, 1)]
    [InlineData(37, 16, 33, 34)]
    [InlineData(16, 32, 1, 1)]
    [InlineData(5, 64, 3, 3)]
    public void What_goes_into_lanes_comes_back(int batch, int channels, int height, int width)
    {
        using var backend = new CpuBackend(threads: 3);
        foreach (var layout in new[] { Layout.ChannelLanes(VectorWidth.Floats), Layout.BatchLanes(VectorWidth.Floats) })
        {
            var plain = new TensorType([channels, height, width], true);
            var laid = plain with { Layout = layout };
            var opCase = new OpCase(new CopyOp(), batch, plain);
            var there = Run(backend, opCase, plain, laid);
            Assert.Equal(opCase.Values[0], there);
            Assert.Equal(opCase.Values[0], Run(backend, opCase, laid, plain));
        }
    }

    [Fact]
    public void Lanes_without_a_sample_are_zero()
    {
        using var backend = new CpuBackend(threads: 1);
        var type = new TensorType([2, 3, 3], true);
        var laid = type with { Layout = Layout.BatchLanes(VectorWidth.Floats) };
        using var source = backend.Allocate(type.Length(1));
        using var target = backend.Allocate(laid.Length(1));
        source.Write(0, [.. Enumerable.Repeat(1f, 18)]);
        target.Write(0, [.. Enumerable.Repeat(float.NaN, (int)target.Length)]);
        backend.Find(new OpSignature(new CopyOp(), [type], laid, 1))!.Run(new KernelCall
        {
            Inputs = [new TensorView(source, 0, type)],
            Output = new TensorView(target, 0, laid),
            Batch = 1,
        });
        var values = new float[target.Length];
        target.Read(0, values);
        Assert.Equal(18, values.Sum());
    }

    private static float[] Run(CpuBackend backend, OpCase opCase, TensorType from, TensorType to)
        => KernelRunner.Run(backend, backend.Find(new OpSignature(new CopyOp(), [from], to, opCase.Batch))!, opCase, [from], to).Output;
}

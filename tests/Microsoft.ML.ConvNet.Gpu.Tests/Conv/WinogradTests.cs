using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Convolutions and their gradients by Winograd's transforms, also where another algorithm would be chosen.</summary>
public class WinogradTests
{
    private static readonly GpuBackend _always = TestBackend.New(options: new GpuOptions { Winograd = true });

    /// <summary>One that takes one sample at a time.</summary>
    private static readonly GpuBackend _inParts = TestBackend.New(options: new GpuOptions { Winograd = true, WinogradFloats = 1 });

    public static TheoryData<string> Convolutions => OpCases.Names(c => c.Op switch
    {
        ConvOp op => c.Inputs[0].Shape.D == 1 && Suits(op.Window, op.Groups),
        ConvTransposeOp op => c.Inputs[0].Shape.D == 1 && Suits(op.Window, op.Groups),
        ConvWeightGradientOp op => c.Inputs[0].Shape.D == 1 && Suits(op.Window, op.Groups),
        _ => false,
    });

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void The_transforms_give_the_convolution(string name) => AssertRight(OpCases.Find(name));

    [Theory]
    [InlineData(3, 4, 8, 8, 8, 1, 1)]
    [InlineData(2, 5, 3, 7, 10, 1, 1)]
    [InlineData(3, 8, 4, 9, 5, 0, 0)]
    [InlineData(1, 3, 2, 4, 13, 2, 0)]
    [InlineData(5, 36, 68, 6, 6, 0, 2)]
    [InlineData(2, 4, 4, 3, 3, 0, 0)]
    [InlineData(2, 4, 4, 1, 2, 1, 1)]
    [InlineData(2, 3, 4, 64, 62, 1, 1)]
    public void Planes_need_not_be_whole_tiles(int batch, int channels, int filters, int height, int width, int before, int after)
    {
        var axis = new WindowAxis(3, Before: before, After: after);
        var window = new Window(axis, axis);
        var (x, y) = (new TensorType([channels, height, width], true), new TensorType([filters, axis.Outputs(height), axis.Outputs(width)], true));
        TensorType w = new([filters, channels, 3, 3], false), bias = new([filters], false);
        AssertRight(new OpCase(new ConvOp { Window = window }, batch, x, w));
        AssertRight(new OpCase(new ConvOp { Window = window, Adds = true, Relu = true }, batch, x, w, bias, y));
        AssertRight(new OpCase(new ConvTransposeOp { Window = window, OutputShape = x.Shape }, batch, y, w));
        AssertRight(new OpCase(new ConvWeightGradientOp { Window = window, Shape = w.Shape }, batch, x, y));
    }

    /// <summary>Where channels are few, or planes or batches small, the launches and what they write cost more than the multiplications that are saved.</summary>
    [Theory]
    [InlineData(256, 64, 56, true)]
    [InlineData(256, 512, 7, true)]
    [InlineData(128, 64, 32, true)]
    [InlineData(128, 128, 16, true)]
    [InlineData(1, 64, 56, false)]
    [InlineData(256, 16, 56, false)]
    [InlineData(4, 512, 7, false)]
    public void They_are_chosen_where_they_save_time(int batch, int channels, int side, bool isChosen)
    {
        var axis = new WindowAxis(3, Before: 1, After: 1);
        var x = new TensorType([channels, side, side], true);
        var signature = new OpSignature(new ConvOp { Window = new Window(axis, axis) }, [x, new TensorType([channels, channels, 3, 3], false)], x, batch);
        Assert.Equal(isChosen ? "Winograd F(4×4, 3×3)" : "implicit GEMM", TestBackend.Shared.Find(signature)!.Name);
        using var exact = TestBackend.New(options: new GpuOptions { ExactConvolution = true });
        Assert.Equal("implicit GEMM", exact.Find(signature)!.Name);
    }

    private static bool Suits(Window window, int groups)
        => groups == 1 && window.Depth == new WindowAxis(1) && window is { Height: { Size: 3, Stride: 1, Dilation: 1 }, Width: { Size: 3, Stride: 1, Dilation: 1 } };

    private static void AssertRight(OpCase opCase)
    {
        var expected = opCase.Expected();
        Assert.Equal("Winograd F(4×4, 3×3)", KernelRunner.Find(_always, opCase)!.Name);
        KernelRunner.AssertClose(opCase, expected, KernelRunner.Run(_always, opCase).Output);
        KernelRunner.AssertClose(opCase, expected, KernelRunner.Run(_inParts, opCase).Output);
        KernelRunner.AssertClose(opCase, expected, KernelRunner.Run(_always, opCase, opCase.Batch + 2).Output);
    }
}

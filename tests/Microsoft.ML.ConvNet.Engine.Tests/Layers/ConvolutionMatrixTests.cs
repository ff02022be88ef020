using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Layers;

/// <summary>Convolution as matrices: the worked example of the course notes, and equality with the ops.</summary>
public class ConvolutionMatrixTests
{
    private static readonly Window _twoByTwo = new(new WindowAxis(2), new WindowAxis(2));
    private static readonly float[] _kernel = [1, 2, 2, 1];
    private static readonly float[] _image = [1, 2, 3, 6, 5, 3, 1, 4, 1];

    public static TheoryData<string> Convolutions => OpCases.Names(c => c.Op is ConvOp { Adds: false, Relu: false } or ConvTransposeOp && c.Values.Sum(v => v.Length) < 3000);

    [Fact]
    public void The_example_as_a_sparse_matrix()
    {
        var matrix = ConvolutionMatrix.Of(_kernel, [1, 3, 3], 1, _twoByTwo);
        Assert.Equal(
            new float[,]
            {
                { 1, 2, 0, 2, 1, 0, 0, 0, 0 },
                { 0, 1, 2, 0, 2, 1, 0, 0, 0 },
                { 0, 0, 0, 1, 2, 0, 2, 1, 0 },
                { 0, 0, 0, 0, 1, 2, 0, 2, 1 },
            },
            matrix);
        Assert.Equal([22, 21, 22, 20], ConvolutionMatrix.Multiply(matrix, _image));
        Assert.Equal([1, 4, 4, 4, 13, 10, 4, 10, 4], ConvolutionMatrix.Multiply(ConvolutionMatrix.Transpose(matrix), [1, 2, 2, 4]));
    }

    [Fact]
    public void The_example_as_windows()
    {
        var windows = ConvolutionMatrix.Im2Col(_image, [1, 3, 3], _twoByTwo);
        Assert.Equal(new float[,] { { 1, 2, 6, 5 }, { 2, 3, 5, 3 }, { 6, 5, 1, 4 }, { 5, 3, 4, 1 } }, windows);
        Assert.Equal([22, 21, 22, 20], ConvolutionMatrix.Multiply(ConvolutionMatrix.Transpose(windows), _kernel));

        // Each value of the small image spreads the kernel.
        float[] small = [1, 2, 2, 4];
        var spread = new float[4, 4];
        for (var tap = 0; tap < 4; tap++)
            for (var place = 0; place < 4; place++)
                spread[tap, place] = _kernel[tap] * small[place];
        Assert.Equal([1, 4, 4, 4, 13, 10, 4, 10, 4], ConvolutionMatrix.Col2Im(spread, [1, 3, 3], _twoByTwo));
    }

    [Fact]
    public void The_example_as_layers()
    {
        var kernel = Initializer.Values(_kernel);
        Assert.Equal([22, 21, 22, 20], Run(Network.Input(1, 3, 3).Conv(1, 2, bias: false, initializer: kernel), _image));
        Assert.Equal([1, 4, 4, 4, 13, 10, 4, 10, 4], Run(Network.Input(1, 2, 2).ConvTranspose(1, 2, bias: false, initializer: kernel), [1, 2, 2, 4]));

        static float[] Run(Network network, float[] x)
        {
            network.Initialize(1);
            var interpreter = new Interpreter<float> { Batch = 1 };
            interpreter.Set(network.Inputs[0], x);
            foreach (var variable in network.Layout.Variables)
                interpreter.Set(variable.Node, network.Values(variable.Node.Name).ToArray());
            return interpreter.Evaluate(network.Output);
        }
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Ops_are_products_with_the_matrix_or_its_transpose(string name)
    {
        var opCase = OpCases.Find(name);
        var (x, y) = (opCase.Inputs[0].Shape, opCase.Output.Shape);
        var matrix = opCase.Op switch
        {
            ConvOp op => ConvolutionMatrix.Of(opCase.Values[1], x, y.C, op.Window, op.Groups),
            ConvTransposeOp op => ConvolutionMatrix.Transpose(ConvolutionMatrix.Of(opCase.Values[1], y, x.C, op.Window, op.Groups)),
            _ => throw new InvalidOperationException(),
        };
        var actual = new float[opCase.Batch * y.Length];
        for (var sample = 0; sample < opCase.Batch; sample++)
        {
            var product = ConvolutionMatrix.Multiply(matrix, opCase.Values[0].AsSpan(sample * x.Length, x.Length));
            for (var i = 0; i < product.Length; i++)
                actual[(sample * y.Length) + i] = product[i] + (opCase.Inputs.Length > 2 ? opCase.Values[2][i / y.Plane] : 0);
        }

        Close.Assert<double, float>(opCase.Expected(), actual, 1e-5, name);
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Windows_times_filters_are_the_same(string name)
    {
        var opCase = OpCases.Find(name);
        if (opCase.Op is not ConvOp { Groups: 1 } op)
            return;
        var (x, y) = (opCase.Inputs[0].Shape, opCase.Output.Shape);
        var image = opCase.Values[0].AsSpan(0, x.Length);
        var windows = ConvolutionMatrix.Transpose(ConvolutionMatrix.Im2Col(image, x, op.Window));
        var matrix = ConvolutionMatrix.Of(opCase.Values[1], x, y.C, op.Window);
        var expected = ConvolutionMatrix.Multiply(matrix, image);
        for (var filter = 0; filter < y.C; filter++)
        {
            var product = ConvolutionMatrix.Multiply(windows, opCase.Values[1].AsSpan(filter * x.C * op.Window.Taps, x.C * op.Window.Taps));
            Close.Assert<float, float>(expected.AsSpan(filter * y.Plane, y.Plane), product, 1e-4, name);
        }

        // Each element as many times as there are windows that see it.
        var ones = ConvolutionMatrix.Im2Col(Enumerable.Repeat(1f, x.Length).ToArray(), x, op.Window);
        Assert.Equal(ones.Cast<float>().Sum(), ConvolutionMatrix.Col2Im(ones, x, op.Window).Sum());
    }

    [Fact]
    public void Errors_say_what_was_expected()
    {
        Assert.Equal("Conv 'matrix' (2×2, 1 filter, 1 input channel) received 'image': 1×1×3: the output would be 1×0×2.",
            Assert.Throws<ShapeException>(() => ConvolutionMatrix.Im2Col([1, 2, 3], [1, 1, 3], _twoByTwo)).Message);
        Assert.StartsWith("Expected 9 elements; received 3.", Assert.Throws<ArgumentException>(() => ConvolutionMatrix.Im2Col([1, 2, 3], [1, 3, 3], _twoByTwo)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Expected 4 elements; received 3.", Assert.Throws<ArgumentException>(() => ConvolutionMatrix.Of([1, 2, 3], [1, 3, 3], 1, _twoByTwo)).Message, StringComparison.Ordinal);
    }
}

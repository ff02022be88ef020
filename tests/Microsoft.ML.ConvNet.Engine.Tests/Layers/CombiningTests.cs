using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests.Layers;

public class CombiningTests
{
    [Fact]
    public void A_border_is_added_and_cut_off_again()
    {
        var image = Network.Input(2, 3, 4);
        var padded = image.Pad((1, 2), PaddingMode.Replicate);
        Assert.Equal([2, 5, 8], padded.Shape);
        var values = Enumerable.Range(0, 24).Select(i => (double)i).ToArray();
        var interpreter = new Interpreter<double> { Batch = 1 };
        interpreter.Set(image, values);
        Assert.Equal([0, 0, 0, 1, 2, 3, 3, 3], interpreter.Evaluate(padded)[..8]);
        Assert.Equal(values, interpreter.Evaluate(padded.Crop((3, 4))));
    }

    [Fact]
    public void Parts_put_together_are_the_whole()
    {
        var x = Network.Input(6, 2, 3);
        var parts = x.Split(3);
        Assert.All(parts, p => Assert.Equal([2, 2, 3], p.Shape));
        var values = Enumerable.Range(0, 36).Select(i => (double)i).ToArray();
        var interpreter = new Interpreter<double> { Batch = 1 };
        interpreter.Set(x, values);
        Assert.Equal(values, interpreter.Evaluate(parts[0].Concat(parts[1], parts[2])));
        Assert.Contains("4 equal parts", Assert.Throws<ShapeException>(() => x.Split(4)).Message, StringComparison.Ordinal);
    }
}

namespace Microsoft.ML.ConvNet;

/// <summary>How a residual network begins.</summary>
public enum ResNetStem
{
    /// <summary>A 7×7 convolution and a pooling, each of stride 2: for images of about 224×224.</summary>
    ImageNet,

    /// <summary>A 3×3 convolution of stride 1: for images of about 32×32.</summary>
    Cifar,
}

public static partial class Models
{
    /// <summary>ResNet-18 (He et al. 2016, table 1): 11,689,512 parameters for 3×224×224 and 1,000 classes.</summary>
    /// <param name="input">The image, 3×224×224 by default.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">How it begins.</param>
    /// <param name="width">The filters of the first stage; 64 in the paper.</param>
    public static Node ResNet18(Node? input = null, int classes = 1000, ResNetStem stem = ResNetStem.ImageNet, int width = 64)
        => ResNet(input, [2, 2, 2, 2], classes, stem, width, Residual);

    /// <summary>ResNet-34 (He et al. 2016, table 1): 21,797,672 parameters for 3×224×224 and 1,000 classes.</summary>
    /// <param name="input">The image, 3×224×224 by default.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">How it begins.</param>
    /// <param name="width">The filters of the first stage; 64 in the paper.</param>
    public static Node ResNet34(Node? input = null, int classes = 1000, ResNetStem stem = ResNetStem.ImageNet, int width = 64)
        => ResNet(input, [3, 4, 6, 3], classes, stem, width, Residual);

    /// <summary>
    /// ResNet-50 (He et al. 2016, table 1, with the stride on the 3×3 convolution): 25,557,032 parameters for 3×224×224 and 1,000 classes.
    /// </summary>
    /// <param name="input">The image, 3×224×224 by default.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">How it begins.</param>
    /// <param name="width">The filters of the first stage; 64 in the paper.</param>
    public static Node ResNet50(Node? input = null, int classes = 1000, ResNetStem stem = ResNetStem.ImageNet, int width = 64)
        => ResNet(input, [3, 4, 6, 3], classes, stem, width, Bottleneck);

    /// <summary>
    /// The bottleneck block of a deep residual network (He et al. 2016, figure 5): 1×1, 3×3 and 1×1 convolutions with batch
    /// normalisation, added to the input, or to its 1×1 convolution where the shape changes. Output: 4·filters×⌈H/stride⌉×⌈W/stride⌉.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The filters of the first two convolutions; the third has four times as many.</param>
    /// <param name="stride">The stride of the 3×3 convolution.</param>
    public static Node Bottleneck(Node x, int filters, int stride = 1)
    {
        var y = x.Conv(filters, 1, bias: false).BatchNorm().Relu()
                 .Conv(filters, 3, stride, padding: 1, bias: false).BatchNorm().Relu()
                 .Conv(4 * filters, 1, bias: false).BatchNorm();
        var shortcut = stride == 1 && x.Shape.C == 4 * filters ? x : x.Conv(4 * filters, 1, stride, bias: false).BatchNorm();
        return (y + shortcut).Relu();
    }

    private static Node Residual(Node x, int filters, int stride) => x.Residual(filters, stride);

    private static Node ResNet(Node? input, int[] depths, int classes, ResNetStem stem, int width, Func<Node, int, int, Node> block)
    {
        var x = input ?? Network.Input(3, 224, 224);
        x = stem == ResNetStem.ImageNet
            ? x.Conv(width, kernel: 7, stride: 2, padding: 3, bias: false).BatchNorm().Relu().MaxPool(3, stride: 2, padding: 1)
            : x.Conv(width, kernel: 3, padding: 1, bias: false).BatchNorm().Relu();
        foreach (var (stage, depth) in depths.Index())
        {
            for (var i = 0; i < depth; i++)
                x = block(x, width << stage, i == 0 && stage > 0 ? 2 : 1);
        }

        return x.GlobalAveragePool().Dense(classes);
    }
}

namespace Microsoft.ML.ConvNet;

public static partial class Models
{
    /// <summary>
    /// U-Net (Ronneberger, Fischer &amp; Brox 2015, figure 1), with padded convolutions so that the scores have the image's size.
    /// Output: classes×H×W.
    /// </summary>
    /// <param name="input">The image, C×H×W; height and width are multiples of 2^depth.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The filters of the first level; 64 in the paper.</param>
    /// <param name="depth">The number of poolings; 4 in the paper.</param>
    public static Node UNet(Node input, int classes, int width = 64, int depth = 4)
    {
        var (x, skips) = (input, new Stack<Node>());
        for (var level = 0; level < depth; level++)
        {
            skips.Push(Pair(x, width << level));
            x = skips.Peek().MaxPool(2);
        }

        x = Pair(x, width << depth);
        for (var level = depth - 1; level >= 0; level--)
            x = Pair(skips.Pop().Concat(x.ConvTranspose(width << level, kernel: 2, stride: 2)), width << level);
        return x.Conv(classes, 1);

        static Node Pair(Node x, int filters) => x.Conv(filters, 3, padding: 1).Relu().Conv(filters, 3, padding: 1).Relu();
    }

    /// <summary>
    /// FCN-8s (Long, Shelhamer &amp; Darrell 2015, figure 3): VGG-16 with its dense layers as convolutions, whose scores are brought up step
    /// by step and added to those of earlier, finer stages. Output: classes×H×W.
    /// </summary>
    /// <param name="input">The image, C×H×W; height and width are multiples of 32.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The filters of the first stage; 64 in VGG-16.</param>
    /// <param name="units">The filters that the dense layers become; 4,096 in VGG-16.</param>
    public static Node Fcn8s(Node input, int classes, int width = 64, int units = 4096)
    {
        var stages = VggStages(input, [2, 2, 3, 3, 3], width);
        var coarse = stages[4].Conv(units, 7, padding: 3).Relu().Dropout(0.5f).Conv(units, 1).Relu().Dropout(0.5f).Conv(classes, 1);
        var finer = Up(coarse, 2) + stages[3].Conv(classes, 1);
        return Up(Up(finer, 2) + stages[2].Conv(classes, 1), 8);

        // Each class by itself, at first a bilinear interpolation.
        Node Up(Node x, int factor)
            => x.ConvTranspose(classes, 2 * factor, stride: factor, padding: factor / 2, groups: classes, bias: false, initializer: Initializer.Bilinear);
    }

    /// <summary>
    /// A convolutional autoencoder (Masci et al. 2011): strided convolutions to a code of 2·width×⌈H/4⌉×⌈W/4⌉, and transposed ones back.
    /// Train it with the images as targets. Output: C×H×W in 0…1.
    /// </summary>
    /// <param name="input">The image, C×H×W; height and width are multiples of 4.</param>
    /// <param name="width">The filters of the first layer.</param>
    public static Node Autoencoder(Node input, int width = 16)
        => input.Conv(width, 3, stride: 2, padding: 1).Relu()
            .Conv(2 * width, 3, stride: 2, padding: 1, name: "code").Relu()
            .ConvTranspose(width, 4, stride: 2, padding: 1).Relu()
            .ConvTranspose(input.Shape.C, 4, stride: 2, padding: 1).Sigmoid();
}

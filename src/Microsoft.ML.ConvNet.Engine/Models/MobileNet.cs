namespace Microsoft.ML.ConvNet;

public static partial class Models
{
    /// <summary>MobileNet-v2 (Sandler et al. 2018, table 2): 3,504,872 parameters for 3×224×224 and 1,000 classes.</summary>
    /// <param name="input">The image, 3×224×224 by default; height and width are multiples of 32.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="multiplier">The width multiplier; channels are rounded to multiples of 8.</param>
    public static Node MobileNetV2(Node? input = null, int classes = 1000, float multiplier = 1)
    {
        var x = (input ?? Network.Input(3, 224, 224)).ConvNormRelu6(Channels(32), 3, stride: 2);
        foreach (var (expansion, channels, repeats, stride) in ((int, int, int, int)[])
            [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)])
        {
            for (var i = 0; i < repeats; i++)
                x = x.InvertedResidual(Channels(channels), i == 0 ? stride : 1, expansion);
        }

        return x.ConvNormRelu6(Math.Max(1280, Channels(1280)), 1).GlobalAveragePool().Dropout(0.2f).Dense(classes);

        // To the nearest multiple of 8, but never down by more than a tenth.
        int Channels(int channels)
        {
            var wanted = channels * multiplier;
            var rounded = Math.Max(8, (int)(wanted + 4) / 8 * 8);
            return rounded < 0.9f * wanted ? rounded + 8 : rounded;
        }
    }

    /// <summary>
    /// An inverted residual block (Sandler et al. 2018, figure 3b): 1×1 up, 3×3 depthwise, 1×1 down, each with batch normalisation, added to
    /// the input where the shape stays.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="filters">The channels of the output.</param>
    /// <param name="stride">The stride of the depthwise convolution.</param>
    /// <param name="expansion">How many times as many channels lie between.</param>
    public static Node InvertedResidual(this Node x, int filters, int stride = 1, int expansion = 6)
    {
        var hidden = x.Shape.C * expansion;
        var y = expansion == 1 ? x : x.ConvNormRelu6(hidden, 1);
        y = y.ConvNormRelu6(hidden, 3, stride, groups: hidden).Conv(filters, 1, bias: false).BatchNorm();
        return stride == 1 && x.Shape.C == filters ? x + y : y;
    }

    private static Node ConvNormRelu6(this Node x, int filters, int kernel, int stride = 1, int groups = 1)
        => x.Conv(filters, kernel, stride, padding: kernel / 2, groups: groups, bias: false).BatchNorm().Relu6();
}

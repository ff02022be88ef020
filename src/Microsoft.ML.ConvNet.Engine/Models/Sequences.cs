namespace Microsoft.ML.ConvNet;

public static partial class Models
{
    /// <summary>
    /// The network on one-dimensional MNIST (Prince 2023, Understanding Deep Learning, section 10.2.7): three convolutions of 15 channels,
    /// kernel 3 and stride 2, on 40 numbers: 2,050 parameters. Input: 1×40.
    /// </summary>
    /// <param name="classes">The number of classes.</param>
    public static Node Mnist1D(int classes = 10)
        => Network.Input([1, 40])
            .Conv1D(15, kernel: 3, stride: 2).Relu()
            .Conv1D(15, kernel: 3, stride: 2).Relu()
            .Conv1D(15, kernel: 3, stride: 2).Relu()
            .Dense(classes);

    /// <summary>
    /// A stack of dilated causal convolutions (van den Oord et al. 2016, WaveNet, figure 4): gated units tanh·σ with residual and skip
    /// connections. The scores of a step depend on that step and those before it. Output: classes×T.
    /// </summary>
    /// <param name="input">The sequence, C×T.</param>
    /// <param name="classes">The number of classes of each step.</param>
    /// <param name="channels">The channels of the stack.</param>
    /// <param name="layers">The number of layers; layer i has the dilation 2^i.</param>
    public static Node WaveNet(Node input, int classes, int channels = 32, int layers = 10)
    {
        var x = input.Conv1D(channels, 2, padding: Padding.Causal);
        Node? skips = null;
        for (var layer = 0; layer < layers; layer++)
        {
            var gated = x.Conv1D(channels, 2, dilation: 1 << layer, padding: Padding.Causal).Tanh()
                * x.Conv1D(channels, 2, dilation: 1 << layer, padding: Padding.Causal).Sigmoid();
            var skip = gated.Conv1D(channels, 1);
            skips = skips == null ? skip : skips + skip;
            x += gated.Conv1D(channels, 1);
        }

        return skips!.Relu().Conv1D(channels, 1).Relu().Conv1D(classes, 1);
    }

    /// <summary>
    /// An image captioner (Vinyals et al. 2015, Show and tell): a convolutional network makes a code of the image, from which an LSTM says the
    /// words one by one; in training it is given the right words before. Inputs: the image, and the word numbers of the sentence (T).
    /// Output: vocabulary×T, the scores of the word that follows each.
    /// </summary>
    /// <param name="image">The image, C×H×W; height and width are multiples of 4.</param>
    /// <param name="steps">T.</param>
    /// <param name="vocabulary">The number of words.</param>
    /// <param name="size">The length of a word's vector and of the state.</param>
    /// <param name="width">The filters of the first convolution.</param>
    public static Node Captioner(Node image, int steps, int vocabulary, int size = 64, int width = 32)
    {
        var code = image.Conv(width, 3, padding: 1).BatchNorm().Relu().MaxPool(2)
            .Conv(2 * width, 3, padding: 1).BatchNorm().Relu().MaxPool(2)
            .GlobalAveragePool().Dense(size).Tanh();
        var words = Network.Input([steps], "words");
        var states = words.Embedding(vocabulary, size).Lstm(size, initial: code);
        return states.Permute(1, 0).Conv1D(vocabulary, 1);
    }
}

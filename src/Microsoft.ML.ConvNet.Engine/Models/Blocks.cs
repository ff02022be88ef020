namespace Microsoft.ML.ConvNet;

public static partial class Models
{
    /// <summary>
    /// An Inception block (Szegedy et al. 2015, figure 2b): 1×1, 3×3 and 5×5 convolutions and a pooling side by side, the costly ones
    /// behind 1×1 convolutions. Output: (pointwise + filters3 + filters5 + pooled)×H×W.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="pointwise">The 1×1 filters.</param>
    /// <param name="reduce3">The 1×1 filters before the 3×3 ones.</param>
    /// <param name="filters3">The 3×3 filters.</param>
    /// <param name="reduce5">The 1×1 filters before the 5×5 ones.</param>
    /// <param name="filters5">The 5×5 filters.</param>
    /// <param name="pooled">The 1×1 filters behind the pooling.</param>
    public static Node Inception(this Node x, int pointwise, int reduce3, int filters3, int reduce5, int filters5, int pooled)
        => x.Conv(pointwise, 1).Relu().Concat(
            x.Conv(reduce3, 1).Relu().Conv(filters3, 3, padding: 1).Relu(),
            x.Conv(reduce5, 1).Relu().Conv(filters5, 5, padding: 2).Relu(),
            x.MaxPool(3, stride: 1, padding: 1).Conv(pooled, 1).Relu());

    /// <summary>
    /// A dense block (Huang et al. 2017, section 3, DenseNet-B): each layer sees the outputs of all before it. A layer is batch
    /// normalisation, ReLU and a 1×1 convolution, then the same with a 3×3 convolution. Output: (C + layers·growth)×H×W.
    /// </summary>
    /// <param name="x">The image, C×H×W.</param>
    /// <param name="layers">The number of layers.</param>
    /// <param name="growth">The filters of each layer.</param>
    public static Node DenseBlock(this Node x, int layers, int growth)
    {
        for (var i = 0; i < layers; i++)
        {
            var y = x.BatchNorm().Relu().Conv(4 * growth, 1, bias: false)
                     .BatchNorm().Relu().Conv(growth, 3, padding: 1, bias: false);
            x = x.Concat(y);
        }

        return x;
    }

    /// <summary>
    /// What lies between two dense blocks (Huang et al. 2017, section 3): batch normalisation, ReLU, a 1×1 convolution to half the channels
    /// and a 2×2 average pooling. Output: ⌊C/2⌋×⌊H/2⌋×⌊W/2⌋.
    /// </summary>
    public static Node DenseTransition(this Node x) => x.BatchNorm().Relu().Conv(x.Shape.C / 2, 1, bias: false).AveragePool(2);

    /// <summary>
    /// The context network of dilated convolutions (Yu &amp; Koltun 2016, table 1): dilations 1, 1, 2, 4, 8, 16, 1 and a 1×1
    /// convolution, which see 3, 5, 9, 17, 33, 65, 67 and 67 pixels each way. Output: C×H×W.
    /// </summary>
    /// <param name="x">The image or its class scores, C×H×W.</param>
    public static Node DilatedContext(this Node x)
    {
        var channels = x.Shape.C;
        foreach (var dilation in (int[])[1, 1, 2, 4, 8, 16, 1])
            x = x.Conv(channels, 3, padding: dilation, dilation: dilation).Relu();
        return x.Conv(channels, 1);
    }
}

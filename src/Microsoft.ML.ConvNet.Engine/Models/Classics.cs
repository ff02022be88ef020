namespace Microsoft.ML.ConvNet;

/// <summary>
/// Well-known networks, built from the layers: to use, to start from, and to read. Each ends with one score for each class; widths
/// can be reduced to fit small images and machines.
/// </summary>
public static partial class Models
{
    /// <summary>
    /// LeNet-5 (LeCun et al. 1998, figure 2), with the third layer connected to all maps: 61,706 parameters for 1×28×28 and 10 classes.
    /// </summary>
    /// <param name="classes">The number of classes.</param>
    public static Node LeNet5(int classes = 10)
        => Network.Input(1, 28, 28)
            .Conv(6, kernel: 5, padding: 2).Tanh().AveragePool(2)
            .Conv(16, kernel: 5).Tanh().AveragePool(2)
            .Dense(120).Tanh()
            .Dense(84).Tanh()
            .Dense(classes);

    /// <summary>
    /// Nielsen's first convolutional network (Neural Networks and Deep Learning, chapter 6): one layer of 20 maps. Input: 1×28×28.
    /// </summary>
    /// <param name="classes">The number of classes.</param>
    public static Node NielsenShallow(int classes = 10)
        => Network.Input(1, 28, 28)
            .Conv(20, kernel: 5).Sigmoid().MaxPool(2)
            .Dense(100, initializer: Initializer.Xavier).Sigmoid()
            .Dense(classes);

    /// <summary>
    /// Nielsen's deeper network (Neural Networks and Deep Learning, chapter 6): layers of 20 and 40 maps, with ReLU and dropout on the
    /// dense layers. Input: 1×28×28.
    /// </summary>
    /// <param name="classes">The number of classes.</param>
    /// <param name="units">The units of each of the two dense layers.</param>
    public static Node NielsenDeep(int classes = 10, int units = 100)
        => Network.Input(1, 28, 28)
            .Conv(20, kernel: 5).Relu().MaxPool(2)
            .Conv(40, kernel: 5).Relu().MaxPool(2)
            .Dense(units).Relu().Dropout(0.5f)
            .Dense(units).Relu().Dropout(0.5f)
            .Dense(classes);

    /// <summary>
    /// AlexNet (Krizhevsky 2014, One weird trick, as in PyTorch): 61,100,840 parameters for 3×224×224 and 1,000 classes.
    /// </summary>
    /// <param name="input">The image, 3×224×224 by default, at least 63×63.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The filters of the first layer; 64 in the paper. The others follow.</param>
    /// <param name="units">The units of the dense layers; 4,096 in the paper.</param>
    public static Node AlexNet(Node? input = null, int classes = 1000, int width = 64, int units = 4096)
        => (input ?? Network.Input(3, 224, 224))
            .Conv(width, kernel: 11, stride: 4, padding: 2).Relu().MaxPool(3, stride: 2)
            .Conv(3 * width, kernel: 5, padding: 2).Relu().MaxPool(3, stride: 2)
            .Conv(6 * width, kernel: 3, padding: 1).Relu()
            .Conv(4 * width, kernel: 3, padding: 1).Relu()
            .Conv(4 * width, kernel: 3, padding: 1).Relu().MaxPool(3, stride: 2)
            .AdaptiveAveragePool(6)
            .Dropout(0.5f).Dense(units).Relu()
            .Dropout(0.5f).Dense(units).Relu()
            .Dense(classes);

    /// <summary>
    /// VoxNet (Maturana &amp; Scherer 2015, figure 1), a classifier of solid shapes: 921,736 parameters for 1×32×32×32 and 40 classes.
    /// </summary>
    /// <param name="input">The occupancy of each voxel, C×D×H×W; 1×32×32×32 by default.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The filters of both convolutions; 32 in the paper.</param>
    /// <param name="units">The units of the dense layer; 128 in the paper.</param>
    public static Node VoxNet(Node? input = null, int classes = 40, int width = 32, int units = 128)
        => (input ?? Network.Input([1, 32, 32, 32]))
            .Conv3D(width, kernel: 5, stride: 2).LeakyRelu(0.1f)
            .Conv3D(width, kernel: 3).LeakyRelu(0.1f).MaxPool3D(2)
            .Dense(units).Relu()
            .Dense(classes);
}

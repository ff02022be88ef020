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
}

namespace Microsoft.ML.ConvNet.Samples.DeviceCheck;

/// <summary>Small networks that between them use most layers.</summary>
internal static class CheckedNetworks
{
    public static IReadOnlyList<(string Name, Func<Node> Make)> All { get; } =
    [
        ("dense layers", () => Network.Input([20]).Dense(33).Tanh().Dense(17).Sigmoid().Dropout(0.2f).Dense(5)),
        ("convolutions and pooling", () => Network.Input(3, 17, 19).Conv(8, 5, stride: 2, padding: 2).Relu().MaxPool(3, stride: 2, padding: 1)
            .Conv(12, 3, padding: 1, groups: 2).LeakyRelu().AveragePool(2).Dense(5)),
        ("residual blocks", () => Network.Input(3, 16, 16).Conv(8, 3, padding: 1).BatchNorm().Relu().Residual(8).Residual(16, stride: 2).GlobalAveragePool().Dense(5)),
        ("separable convolutions", () => Network.Input(4, 14, 14).SeparableConv(8, 3, padding: 1).BatchNorm().Relu6().InvertedResidual(8).DepthwiseConv(3, stride: 2).GlobalMaxPool().Dense(5)),
        ("transposed convolutions", () => Network.Input(2, 9, 9).Conv(6, 3, stride: 2).Relu().ConvTranspose(4, 3, stride: 2).Relu().Conv(5, 1).GlobalAveragePool().Flatten()),
        ("branches", () => Branches(Network.Input(3, 12, 12))),
        ("sequences", () => Network.Input([4, 30]).Conv1D(8, 5, stride: 2, padding: 2).Relu().MaxPool1D(2).Dense(5)),
    ];

    private static Node Branches(Node x)
    {
        var (a, b) = (x.Conv(4, 1).Gelu(), x.Conv(6, 3, padding: 1).Silu());
        return a.Concat(b).Conv(8, 3).Elu().GlobalAveragePool().Dense(5);
    }
}

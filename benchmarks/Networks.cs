namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>The networks that are measured, by name.</summary>
internal static class Networks
{
    private static readonly Dictionary<string, Func<Node>> _all = new()
    {
        // With one dense layer of 100 and without dropout.
        ["nielsen"] = () => Network.Input(1, 28, 28)
            .Conv(20, 5).Relu().MaxPool(2)
            .Conv(40, 5).Relu().MaxPool(2)
            .Dense(100).Relu().Dense(10),
        ["lenet5"] = () => Models.LeNet5(),
        ["vgg-cifar"] = () => Network.Input(3, 32, 32)
            .Conv(64, 3, padding: 1).Relu().Conv(64, 3, padding: 1).Relu().MaxPool(2)
            .Conv(128, 3, padding: 1).Relu().Conv(128, 3, padding: 1).Relu().MaxPool(2)
            .Conv(256, 3, padding: 1).Relu().Conv(256, 3, padding: 1).Relu().MaxPool(2)
            .Dense(256).Relu().Dense(10),
        ["resnet18-cifar"] = () => Models.ResNet18(Network.Input(3, 32, 32), 10, ResNetStem.Cifar),
        ["alexnet"] = () => Models.AlexNet(),
        ["resnet18"] = () => Models.ResNet18(),
        ["resnet50"] = () => Models.ResNet50(),
        ["mobilenet"] = () => Models.MobileNetV2(),
        ["unet"] = () => Models.UNet(Network.Input(3, 128, 128), 2).Conv(10, 1).GlobalAveragePool().Flatten(),
        ["mnist1d"] = () => Models.Mnist1D(),
    };

    public static IEnumerable<string> Names => _all.Keys;

    /// <exception cref="ArgumentException">There is no network of this name.</exception>
    public static Network Find(string name)
        => _all.TryGetValue(name, out var network)
            ? network()
            : throw new ArgumentException($"There is no network '{name}'; there are {string.Join(", ", Names)}.");
}

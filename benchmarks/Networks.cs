namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>The networks that are measured, by name.</summary>
internal static class Networks
{
    private static readonly Dictionary<string, Func<Node>> _all = new()
    {
        ["nielsen"] = () => Network.Input(1, 28, 28)
            .Conv(20, 5).Relu().MaxPool(2)
            .Conv(40, 5).Relu().MaxPool(2)
            .Dense(100).Relu().Dense(10),
        ["lenet5"] = () => Network.Input(1, 28, 28)
            .Conv(6, 5, padding: 2).Tanh().AveragePool(2)
            .Conv(16, 5).Tanh().AveragePool(2)
            .Dense(120).Tanh().Dense(84).Tanh().Dense(10),
        ["vgg-cifar"] = () => Network.Input(3, 32, 32)
            .Conv(64, 3, padding: 1).Relu().Conv(64, 3, padding: 1).Relu().MaxPool(2)
            .Conv(128, 3, padding: 1).Relu().Conv(128, 3, padding: 1).Relu().MaxPool(2)
            .Conv(256, 3, padding: 1).Relu().Conv(256, 3, padding: 1).Relu().MaxPool(2)
            .Dense(256).Relu().Dense(10),
        ["resnet18-cifar"] = () => Network.Input(3, 32, 32)
            .Conv(64, 3, padding: 1, bias: false).BatchNorm().Relu()
            .Residual(64).Residual(64).Residual(128, 2).Residual(128)
            .Residual(256, 2).Residual(256).Residual(512, 2).Residual(512)
            .GlobalAveragePool().Dense(10),
    };

    public static IEnumerable<string> Names => _all.Keys;

    /// <exception cref="ArgumentException">There is no network of this name.</exception>
    public static Network Find(string name)
        => _all.TryGetValue(name, out var network)
            ? network()
            : throw new ArgumentException($"There is no network '{name}'; there are {string.Join(", ", Names)}.");
}

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>PyTorch's losses of models of many layers in training, on any backend.</summary>
public static class PyTorchModels
{
    /// <summary>The files of tests/data/pytorch that hold trainings of models, each with the function that makes the model.</summary>
    public static IReadOnlyDictionary<string, Func<Network>> Networks { get; } = new Dictionary<string, Func<Network>>
    {
        ["resnet"] = () => Network.Input(3, 12, 12)
            .Conv(8, 3, padding: 1, bias: false).BatchNorm().Relu()
            .Residual(8).Residual(16, stride: 2)
            .GlobalAveragePool().Dense(5),
        ["unet"] = () => Models.UNet(Network.Input(2, 12, 12), classes: 3, width: 4, depth: 2),
    };

    /// <summary>The trainings of all models as rows of a theory.</summary>
    public static TheoryData<string, PyTorchCase> Theory
    {
        get
        {
            var data = new TheoryData<string, PyTorchCase>();
            foreach (var model in Networks.Keys)
                foreach (var values in PyTorchCases.Load(model))
                    data.Add(model, values);
            return data;
        }
    }

    /// <summary>Trains a model as in a case and compares the loss before each step, and weights after the last.</summary>
    public static void Check(string model, PyTorchCase values, IBackend backend, double lossTolerance, double weightTolerance)
    {
        // The first case of a file has the data and the weights at first.
        var start = PyTorchCases.Load(model)[0];
        var network = Networks[model]();
        network.Initialize(seed: 0);
        foreach (var variable in network.Layout.Variables)
            start[variable.Node.Name].Data.CopyTo(network.Values(variable.Node.Name));

        PyTorchNetwork.TrainAndCompareLosses(network, start, values, backend, lossTolerance);
        const string after = "_after";
        foreach (var (name, tensor) in values.Tensors.Where(t => t.Key.EndsWith(after, StringComparison.Ordinal)))
            Close.Assert<float, float>(tensor.Data, network.Values(name[..^after.Length]), weightTolerance, name);
    }
}

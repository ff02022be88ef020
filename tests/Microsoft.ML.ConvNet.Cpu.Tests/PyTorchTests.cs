using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>The kernels against the values that PyTorch gives.</summary>
public sealed class PyTorchTests : IDisposable
{
    private readonly CpuBackend _backend = new(threads: 2);
    private readonly CpuBackend _exact = new(new CpuOptions { Threads = 2, ExactConvolution = true });

    public void Dispose()
    {
        _backend.Dispose();
        _exact.Dispose();
    }

    [Theory]
    [MemberData(nameof(PyTorchGraph.Theory), MemberType = typeof(PyTorchGraph))]
    public void Values_and_gradients_are_those_of_PyTorch(string op, PyTorchCase values)
        => PyTorchGraph.Of(op, values).CheckPlan(_backend, 1e-5);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "optimizers", MemberType = typeof(PyTorchCases))]
    public void Optimizers_step_as_in_PyTorch(PyTorchCase values) => PyTorchNetwork.CheckOptimizer(values, _backend, 5e-6);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "network", MemberType = typeof(PyTorchCases))]
    public void A_network_trains_as_in_PyTorch(PyTorchCase values)
        => PyTorchNetwork.Check(values, _backend, lossTolerance: 1e-5, weightTolerance: 2e-5);

    [Theory]
    [MemberData(nameof(PyTorchModels.Theory), MemberType = typeof(PyTorchModels))]
    public void Models_train_as_in_PyTorch(string model, PyTorchCase values)
        => PyTorchModels.Check(model, values, _exact, lossTolerance: 1e-5, weightTolerance: 1e-5);

    // Adam divides by the gradient's size: where it is next to nothing, its last digits decide about a whole step.
    public static TheoryData<string, PyTorchCase> TrainedBySgd
    {
        get
        {
            var data = new TheoryData<string, PyTorchCase>();
            foreach (var model in PyTorchModels.Networks.Keys)
                data.Add(model, PyTorchCases.Load(model).Single(c => c.GetText("optimizer") == "SGD"));
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TrainedBySgd))]
    public void With_Winograd_they_train_as_in_PyTorch_to_three_digits(string model, PyTorchCase values)
        => PyTorchModels.Check(model, values, _backend, lossTolerance: 1e-3, weightTolerance: 1e-3);
}

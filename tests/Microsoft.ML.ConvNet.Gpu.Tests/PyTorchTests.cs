namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>The kernels against the values that PyTorch gives. Trainings are given more room than on the CPU: each device rounds its own way.</summary>
public class PyTorchTests
{
    [Theory]
    [MemberData(nameof(PyTorchGraph.Theory), MemberType = typeof(PyTorchGraph))]
    public void Values_and_gradients_are_those_of_PyTorch(string op, PyTorchCase values)
        => PyTorchGraph.Of(op, values).CheckPlan(TestBackend.Shared, 1e-5);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "optimizers", MemberType = typeof(PyTorchCases))]
    public void Optimizers_step_as_in_PyTorch(PyTorchCase values) => PyTorchNetwork.CheckOptimizer(values, TestBackend.Shared, 5e-6);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "network", MemberType = typeof(PyTorchCases))]
    public void A_network_trains_as_in_PyTorch(PyTorchCase values)
        => PyTorchNetwork.Check(values, TestBackend.Shared, lossTolerance: 1e-4, weightTolerance: 1e-4);

    [Theory]
    [MemberData(nameof(PyTorchModels.Theory), MemberType = typeof(PyTorchModels))]
    public void Models_train_as_in_PyTorch(string model, PyTorchCase values)
        => PyTorchModels.Check(model, values, TestBackend.Shared, lossTolerance: 1e-4, weightTolerance: 1e-4);
}

using System.Numerics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Ops;

/// <summary>The naive implementations against the values that PyTorch gives.</summary>
public class PyTorchTests
{
    // The committed values are rounded to nine digits, and the attributes to float.
    private const double DoubleTolerance = 2e-7;
    private const double FloatTolerance = 5e-6;

    [Theory]
    [MemberData(nameof(PyTorchGraph.Theory), MemberType = typeof(PyTorchGraph))]
    public void Values_and_gradients_are_those_of_PyTorch_in_double(string op, PyTorchCase values)
        => PyTorchGraph.Of(op, values).CheckInterpreter<double>(DoubleTolerance);

    [Theory]
    [MemberData(nameof(PyTorchGraph.Theory), MemberType = typeof(PyTorchGraph))]
    public void Values_and_gradients_are_those_of_PyTorch_in_float(string op, PyTorchCase values)
        => PyTorchGraph.Of(op, values).CheckInterpreter<float>(FloatTolerance);

    [Theory]
    [MemberData(nameof(PyTorchGraph.Theory), MemberType = typeof(PyTorchGraph))]
    public void Values_and_gradients_are_those_of_PyTorch_in_a_plan(string op, PyTorchCase values)
        => PyTorchGraph.Of(op, values).CheckPlan(new ReferenceBackend(), FloatTolerance);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "optimizers", MemberType = typeof(PyTorchCases))]
    public void Optimizers_step_as_in_PyTorch_in_double(PyTorchCase values) => CheckOptimizer<double>(values, DoubleTolerance);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "optimizers", MemberType = typeof(PyTorchCases))]
    public void Optimizers_step_as_in_PyTorch_in_float(PyTorchCase values) => CheckOptimizer<float>(values, FloatTolerance);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "optimizers", MemberType = typeof(PyTorchCases))]
    public void Optimizers_step_as_in_PyTorch_in_a_plan(PyTorchCase values)
        => PyTorchNetwork.CheckOptimizer(values, new ReferenceBackend(), FloatTolerance);

    [Theory]
    [MemberData(nameof(PyTorchCases.Theory), "network", MemberType = typeof(PyTorchCases))]
    public void A_network_trains_as_in_PyTorch(PyTorchCase values)
        => PyTorchNetwork.Check(values, new ReferenceBackend(), lossTolerance: 2e-6, weightTolerance: 1e-5);

    [Theory]
    [MemberData(nameof(PyTorchModels.Theory), MemberType = typeof(PyTorchModels))]
    public void Models_train_as_in_PyTorch(string model, PyTorchCase values)
        => PyTorchModels.Check(model, values, new ReferenceBackend(), lossTolerance: 1e-5, weightTolerance: 1e-5);

    private static void CheckOptimizer<T>(PyTorchCase values, double tolerance) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var optimizer = PyTorchNetwork.OptimizerOf(values);
        var (start, gradients, after) = (values["parameters"].Data, values["gradients"].Data, values["parameters_after"].Data);
        var operands = Enumerable.Range(0, 2 + optimizer.Moments)
            .Select(i => (Node: Parameter($"operand{i}"), Values: new T[start.Length])).ToArray();
        Array.ConvertAll(start, T.CreateChecked).CopyTo(operands[0].Values, 0);
        var update = new Node(optimizer, [.. operands.Select(o => o.Node)], "update");

        for (var step = 0; step < gradients.Length / start.Length; step++)
        {
            var range = (step * start.Length)..((step + 1) * start.Length);
            Array.ConvertAll(gradients[range], T.CreateChecked).CopyTo(operands[1].Values, 0);
            var interpreter = new Interpreter<T> { Batch = 1, State = new RunState(0, step, values.GetFloat("lr")) };
            foreach (var (node, value) in operands)
                interpreter.Set(node, value);
            Close.Assert<float, T>(after[range], interpreter.Evaluate(update), tolerance, $"parameters after step {step}");
            Assert.Equal(interpreter.Evaluate(update), operands[0].Values);
        }

        Node Parameter(string name) => new(new VariableOp { Shape = [start.Length], Trainable = true }, [], name);
    }
}

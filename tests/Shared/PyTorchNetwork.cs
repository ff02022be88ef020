using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>PyTorch's reference values of whole trainings, and of its optimizers alone, on any backend.</summary>
public static class PyTorchNetwork
{
    /// <summary>
    /// Trains the network of <c>network.json</c> for ten steps and compares the loss before each step, the last layer's
    /// weights and the running statistics.
    /// </summary>
    public static void Check(PyTorchCase values, IBackend backend, double lossTolerance, double weightTolerance)
    {
        var network = Build(values);
        TrainAndCompareLosses(network, values, values, backend, lossTolerance);
        Close.Assert<float, float>(values["linear.weight_after"].Data, network.Values("linear.weight"), weightTolerance, "linear.weight");
        Close.Assert<float, float>(values["linear.bias_after"].Data, network.Values("linear.bias"), weightTolerance, "linear.bias");
        Close.Assert<float, float>(values["norm.mean_after"].Data, network.Values("norm.running")[..4], weightTolerance, "running mean");
        Close.Assert<float, float>(values["norm.var_after"].Data, network.Values("norm.running")[4..], weightTolerance, "running variance");
    }

    /// <summary>Trains a network on x and targets of <paramref name="data"/>, and compares the loss before each step with those of a case.</summary>
    public static void TrainAndCompareLosses(Network network, PyTorchCase data, PyTorchCase values, IBackend backend, double tolerance)
    {
        var target = Network.Input(Loss.SoftmaxCrossEntropy.TargetShape(network.Output), "target");
        var loss = Loss.SoftmaxCrossEntropy.Mean(network.Output, target);
        var batch = data["x"].Shape[0];
        using var plan = Plan.Compile(Computation.Training(loss, OptimizerOf(values)), network.Layout, backend, batch);
        plan.WriteVariables(network.Weights);

        var losses = new float[values["losses"].Data.Length];
        for (var step = 0; step < losses.Length; step++)
        {
            plan.Write(network.Inputs[0], data["x"].Data);
            plan.Write(target, data["targets"].Data);
            plan.Run(batch, new RunState(0, step, values.GetFloat("lr")));
            plan.Read(0, losses.AsSpan(step, 1));
        }

        var weights = new float[network.Layout.Length];
        plan.ReadVariables(weights);
        network.SetWeights(weights);
        for (var step = 0; step < losses.Length; step++)
            Close.Assert<float, float>(values["losses"].Data.AsSpan(step, 1), losses.AsSpan(step, 1), tolerance, $"loss of step {step}");
    }

    /// <summary>Runs the five steps of a case of <c>optimizers.json</c> through a plan and compares the parameters after each.</summary>
    public static void CheckOptimizer(PyTorchCase values, IBackend backend, double tolerance)
    {
        var (start, gradients, after) = (values["parameters"].Data, values["gradients"].Data, values["parameters_after"].Data);
        var parameters = new Node(new VariableOp { Shape = [start.Length], Trainable = true }, [], "parameters");
        var gradient = new Node(new VariableOp { Shape = [start.Length], Trainable = false }, [], "gradients");
        var layout = new VariableLayout([parameters, gradient]);
        var computation = new Computation { Outputs = [], Gradients = [new(parameters, gradient)], Optimizer = OptimizerOf(values) };
        using var plan = Plan.Compile(computation, layout, backend, 1);

        var variables = new float[layout.Length];
        start.CopyTo(variables, 0);
        for (var step = 0; step < gradients.Length / start.Length; step++)
        {
            gradients.AsSpan(step * start.Length, start.Length).CopyTo(variables.AsSpan(layout.Variables[1].Offset));
            plan.WriteVariables(variables);
            plan.Run(1, new RunState(0, step, values.GetFloat("lr")));
            plan.ReadVariables(variables);
            Close.Assert<float, float>(
                after.AsSpan(step * start.Length, start.Length), variables.AsSpan(0, start.Length), tolerance, $"parameters after step {step}");
        }
    }

    /// <summary>The optimizer of a case, as a user makes it.</summary>
    public static OptimizerOp OptimizerOf(PyTorchCase values)
    {
        var decay = values.Attributes.TryGetProperty("weight_decay", out var element) ? element.GetSingle() : 0;
        if (values.GetText("optimizer") == "SGD")
            return Optimizer.Sgd(values.GetFloat("momentum"), values.Attributes.TryGetProperty("nesterov", out var nesterov) && nesterov.GetBoolean(), decay);
        var (betas, epsilon) = (values.GetFloats("betas"), values.GetFloat("eps"));
        return values.GetText("optimizer") == "Adam"
            ? Optimizer.Adam(betas[0], betas[1], epsilon, decay)
            : Optimizer.AdamW(betas[0], betas[1], epsilon, decay);
    }

    private static Network Build(PyTorchCase values)
    {
        Network network = Network.Input(1, 12, 12)
            .Conv(4, 3, padding: 1, bias: false, name: "conv1")
            .BatchNorm(values.GetFloat("norm_eps"), values.GetFloat("norm_momentum"), "norm").Relu().MaxPool(2)
            .Conv(6, 3, name: "conv2").Relu()
            .Dense(5, name: "linear");
        network.Initialize(seed: 0);
        foreach (var (ours, theirs) in new[]
        {
            ("conv1.weight", "conv1.weight"), ("norm.scale", "norm.gamma"), ("norm.shift", "norm.beta"), ("conv2.weight", "conv2.weight"),
            ("conv2.bias", "conv2.bias"), ("linear.weight", "linear.weight"), ("linear.bias", "linear.bias"),
        })
            values[theirs].Data.CopyTo(network.Values(ours));
        return network;
    }
}

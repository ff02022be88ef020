using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu.Passes;

/// <summary>Which layouts plans choose, and that reorders are few.</summary>
public class AssignLayoutsTests
{
    [Fact]
    public void A_residual_network_keeps_channels_in_the_lanes_throughout()
    {
        using var plan = Training(Models.ResNet18(Network.Input(3, 32, 32), 10, ResNetStem.Cifar), batch: 8);
        var images = plan.Steps.Where(s => s.Output is { Batched: true, Shape.Plane: > 1 });
        Assert.All(images, s => Assert.Equal(LayoutKind.ChannelLanes, s.Output.Layout.Kind));

        // Behind the global pooling, and before its gradient.
        Assert.InRange(Reorders(plan), 0, 2);
    }

    [Fact]
    public void A_network_of_few_channels_has_samples_in_the_lanes()
    {
        using var plan = Training(Models.LeNet5(), batch: 64);
        Assert.All(plan.Steps.Where(s => s.Op is ConvOp or ConvTransposeOp), s => Assert.Equal(LayoutKind.BatchLanes, s.Output.Layout.Kind));

        // The images, and before and behind the dense layers.
        Assert.InRange(Reorders(plan), 2, 3);
    }

    [Fact]
    public void Bytes_become_numbers_in_the_layout_of_the_first_layer()
    {
        using var fromFloats = Training(Models.LeNet5(), batch: 64);
        using var fromBytes = Training(Models.LeNet5(), batch: 64, bytes: true);
        Assert.Contains($"bytes → N{VectorWidth.Floats}", fromBytes.Describe(), StringComparison.Ordinal);
        Assert.Equal(Reorders(fromFloats) - 1, Reorders(fromBytes));
        Assert.DoesNotContain(fromBytes.Steps, s => s.Output.Shape == new Shape(1, 28, 28) && s.Op is CopyOp);
    }

    [Fact]
    public void A_single_sample_does_not_go_into_lanes_of_samples()
    {
        using var plan = Training(Network.Input(1, 28, 28).Conv(20, 5).Relu().MaxPool(2).Conv(40, 5).Relu().Dense(10), batch: 1);
        Assert.All(plan.Steps, s => Assert.NotEqual(LayoutKind.BatchLanes, s.Output.Layout.Kind));
    }

    [Fact]
    public void Outputs_are_plain()
    {
        using var backend = new CpuBackend(threads: 1);
        var network = new Network(Network.Input(3, 32, 32).Conv(64, 3, padding: 1).Relu().Conv(64, 3, padding: 1));
        network.Initialize(1);
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, backend, 4);
        Assert.Contains(plan.Steps, s => s.Output.Layout.Kind == LayoutKind.ChannelLanes);
        Assert.Equal(Layout.Plain, plan.Steps[^1].Output.Layout);
    }

    [Fact]
    public void A_plan_that_gains_nothing_stays_plain()
    {
        using var backend = new CpuBackend(threads: 1);
        var computation = Computation.Inference(Network.Input([64]).Dense(64).Relu().Dense(10));
        Assert.Same(computation, backend.Passes[^1].Run(computation, 32));
    }

    private static int Reorders(Plan plan) => plan.Steps.Count(s => s.Kernel.StartsWith("reorder", StringComparison.Ordinal));

    private static Plan Training(Node output, int batch, bool bytes = false)
    {
        using var backend = new CpuBackend(threads: 1);
        var network = new Network(output);
        var loss = Loss.SoftmaxCrossEntropy.Mean(network.Output, new Node(new InputOp { Shape = [1] }, [], "target"));
        var computation = Computation.Training(loss, Optimizer.Sgd());
        if (bytes)
            computation = new UnpackPixels(network.Inputs[0]).Run(computation, batch);
        return Plan.Compile(computation, network.Layout, backend, batch);
    }
}

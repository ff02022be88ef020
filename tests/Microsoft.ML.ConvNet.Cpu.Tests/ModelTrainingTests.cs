using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;
using Net = Microsoft.ML.ConvNet.Models;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>Every network learns eight random images by heart: its loss falls below a tenth of its start within the stated steps.</summary>
public class ModelTrainingTests
{
    private const int Images = 8;

    private static readonly Dictionary<string, (Func<Node> Network, Loss Loss, int Steps, float Rate)> _networks = new()
    {
        ["LeNet-5"] = (() => Net.LeNet5(), Loss.SoftmaxCrossEntropy, 40, 2e-3f),
        ["Nielsen, one layer"] = (() => Net.NielsenShallow(), Loss.SoftmaxCrossEntropy, 800, 3e-3f),
        ["Nielsen, two layers"] = (() => Net.NielsenDeep(), Loss.SoftmaxCrossEntropy, 80, 2e-3f),
        ["AlexNet"] = (() => Net.AlexNet(Network.Input(3, 63, 63), 4, width: 8, units: 32), Loss.SoftmaxCrossEntropy, 150, 2e-3f),
        ["VoxNet"] = (() => Net.VoxNet(Network.Input([1, 12, 12, 12]), 4, width: 6, units: 16), Loss.SoftmaxCrossEntropy, 150, 3e-3f),
        ["VGG-11"] = (() => Net.Vgg11(Network.Input(3, 32, 32), 4, width: 8, units: 32), Loss.SoftmaxCrossEntropy, 300, 2e-3f),
        ["VGG-16"] = (() => Net.Vgg16(Network.Input(3, 32, 32), 4, width: 8, units: 32), Loss.SoftmaxCrossEntropy, 200, 2e-3f),
        ["ResNet-18"] = (() => Net.ResNet18(Network.Input(3, 32, 32), 4, width: 8), Loss.SoftmaxCrossEntropy, 40, 3e-3f),
        ["ResNet-18, CIFAR stem"] = (() => Net.ResNet18(Network.Input(3, 16, 16), 4, ResNetStem.Cifar, width: 4), Loss.SoftmaxCrossEntropy, 40, 3e-3f),
        ["ResNet-34"] = (() => Net.ResNet34(Network.Input(3, 32, 32), 4, width: 4), Loss.SoftmaxCrossEntropy, 40, 3e-3f),
        ["ResNet-34, CIFAR stem"] = (() => Net.ResNet34(Network.Input(3, 16, 16), 4, ResNetStem.Cifar, width: 4), Loss.SoftmaxCrossEntropy, 40, 3e-3f),
        ["ResNet-50"] = (() => Net.ResNet50(Network.Input(3, 32, 32), 4, width: 4), Loss.SoftmaxCrossEntropy, 40, 3e-3f),
        ["ResNet-50, CIFAR stem"] = (() => Net.ResNet50(Network.Input(3, 16, 16), 4, ResNetStem.Cifar, width: 4), Loss.SoftmaxCrossEntropy, 40, 3e-3f),
        ["Inception block"] = (() => Network.Input(3, 12, 12).Inception(4, 4, 6, 2, 4, 4).GlobalAveragePool().Dense(4), Loss.SoftmaxCrossEntropy, 400, 1e-2f),
        ["DenseNet block"] = (() => Network.Input(3, 12, 12).Conv(8, 3).DenseBlock(3, 4).DenseTransition().Dense(4), Loss.SoftmaxCrossEntropy, 60, 3e-3f),
        ["MobileNet-v2"] = (() => Net.MobileNetV2(Network.Input(3, 32, 32), 4, multiplier: 0.25f), Loss.SoftmaxCrossEntropy, 80, 3e-3f),
        ["U-Net"] = (() => Net.UNet(Network.Input(2, 16, 16), 3, width: 8, depth: 2), Loss.SoftmaxCrossEntropy, 250, 3e-3f),
        ["FCN-8s"] = (() => Net.Fcn8s(Network.Input(2, 32, 32), 3, width: 4, units: 16), Loss.SoftmaxCrossEntropy, 150, 3e-3f),
        ["dilated context"] = (() => Network.Input(8, 10, 10).DilatedContext(), Loss.SoftmaxCrossEntropy, 200, 5e-3f),
        ["WaveNet"] = (() => Net.WaveNet(Network.Input([2, 24]), 3, channels: 12, layers: 4), Loss.SoftmaxCrossEntropy, 300, 5e-3f),
        ["MNIST-1D"] = (() => Net.Mnist1D(), Loss.SoftmaxCrossEntropy, 150, 5e-3f),
        ["max unpooling"] = (() => Unpooled(Network.Input(2, 9, 11)), Loss.SoftmaxCrossEntropy, 200, 1e-2f),
        ["Lp and adaptive pooling"] = (() => Network.Input(2, 13, 12).Conv(8, 3).Relu().LpPool(3, stride: 2, ceilMode: true).Conv(8, 3, padding: 1).AdaptiveAveragePool((3, 2)).Dense(4), Loss.SoftmaxCrossEntropy, 200, 1e-2f),
        ["volumes"] = (() => Network.Input([2, 6, 7, 8]).Conv3D(6, 3).MaxPool3D(2, ceilMode: true).Relu().Upsample3D(2, ResizeMode.Linear).AveragePool3D(3, stride: 2).Dense(4), Loss.SoftmaxCrossEntropy, 200, 1e-2f),
        ["super-resolution"] = (() => Network.Input(2, 6, 5).Conv(16, 3, padding: 1).Relu().PixelShuffle(2).Conv(4, 3, padding: 1).Relu().BedOfNails(2).Conv(8, 3).Resize((7, 9), ResizeMode.Linear).GlobalMaxPool().Dense(4), Loss.SoftmaxCrossEntropy, 300, 1e-2f),
        ["autoencoder"] = (() => Net.Autoencoder(Network.Input(1, 8, 8), width: 24), Loss.BinaryCrossEntropy, 600, 5e-3f),
    };

    public static TheoryData<string> Names => [.. _networks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_network_learns_eight_images_by_heart(string name)
    {
        var (build, loss, steps, rate) = _networks[name];
        Network network = build();
        var target = new Node(new InputOp { Shape = loss.TargetShape(network.Output) }, [], "target");
        var values = TargetsFor(network, loss, target);
        AssertLearns(network, [(network.Inputs[0], Normal(network.Inputs[0], 1)), (target, values)], loss.Mean(network.Output, target), steps, rate);
    }

    [Fact]
    public void The_captioner_learns_eight_sentences_by_heart()
    {
        const int steps = 5, vocabulary = 7;
        Network network = Net.Captioner(Network.Input([2, 8, 8], "image"), steps, vocabulary, size: 16, width: 8);
        var target = new Node(new InputOp { Shape = [1, steps] }, [], "next");
        var words = network.Inputs.Single(i => i.Name == "words");
        var image = network.Inputs.Single(i => i.Name == "image");
        var sentences = Indices((int)words.Type.Length(Images), vocabulary);
        AssertLearns(
            network, [(image, Normal(image, 1)), (words, sentences), (target, Indices(steps * Images, vocabulary, seed: 9))],
            Loss.SoftmaxCrossEntropy.Mean(network.Output, target), steps: 300, rate: 1e-2f);
    }

    /// <summary>A small SegNet (Badrinarayanan, Kendall &amp; Cipolla 2017): the decoder puts values where the encoder found its largest.</summary>
    private static Node Unpooled(Node input)
    {
        var first = input.Conv(8, 3, padding: 1).Relu();
        var pooled = first.MaxPool(2);
        var code = pooled.Conv(8, 3, padding: 1).Relu().Conv(8, 3, padding: 1).Relu();
        return code.MaxUnpool(pooled).Conv(8, 3, padding: 1).Relu().Conv(3, 1);
    }

    private static void AssertLearns(Network network, (Node Node, float[] Values)[] feeds, Node loss, int steps, float rate)
    {
        network.Initialize(3);
        using var backend = new CpuBackend();
        using var plan = Plan.Compile(Computation.Training(loss, Optimizer.Adam()), network.Layout, backend, Images);
        plan.WriteVariables(network.Weights);
        var losses = new float[steps];
        for (var step = 0; step < steps; step++)
        {
            foreach (var (node, values) in feeds)
                plan.Write(node, values);
            plan.Run(Images, new RunState(1, step, rate));
            plan.Read(0, losses.AsSpan(step, 1));
            if (losses[step] < 0.1f * losses[0])
                return;
        }

        Assert.Fail($"The loss fell from {losses[0]} to {losses.Min()} in {steps} steps.");
    }

    /// <summary>Masks; or a class for each image, which is that of all its pixels where each has one.</summary>
    private static float[] TargetsFor(Network network, Loss loss, Node target)
        => loss == Loss.BinaryCrossEntropy
            ? [.. Normal(target, 2).Select(v => v > 0 ? 1f : 0f)]
            : [.. Indices(Images, network.Output.Shape.C).SelectMany(c => Enumerable.Repeat(c, target.Shape.Length))];

    private static float[] Normal(Node node, int seed)
        => [.. Enumerable.Range(0, (int)node.Type.Length(Images)).Select(i => (float)CounterRandom.Normal((ulong)seed, (uint)i))];

    private static float[] Indices(int length, int classes, int seed = 5)
        => [.. Enumerable.Range(0, length).Select(i => (float)(int)(CounterRandom.Uniform((ulong)seed, (uint)i) * classes))];
}

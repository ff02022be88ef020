using Net = Microsoft.ML.ConvNet.Models;

namespace Microsoft.ML.ConvNet.Tests.Zoo;

/// <summary>The networks have as many parameters as their papers and PyTorch's implementations say.</summary>
public class ModelsTests
{
    public static TheoryData<string, long> Published => new()
    {
        { nameof(Net.LeNet5), 61_706 },
        { nameof(Net.AlexNet), 61_100_840 },
        { nameof(Net.VoxNet), 921_736 },
        { nameof(Net.Vgg11), 132_863_336 },
        { nameof(Net.Vgg16), 138_357_544 },
        { nameof(Net.ResNet18), 11_689_512 },
        { nameof(Net.ResNet34), 21_797_672 },
        { nameof(Net.ResNet50), 25_557_032 },
        { nameof(Net.MobileNetV2), 3_504_872 },
        { nameof(Net.Mnist1D), 2_050 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void The_parameters_are_as_many_as_published(string name, long parameters)
    {
        var method = typeof(Net).GetMethod(name)!;
        var defaults = method.GetParameters().Select(p => p.DefaultValue).ToArray();
        Network network = (Node)method.Invoke(null, defaults)!;
        Assert.Equal(parameters, network.ParameterCount);
    }

    [Fact]
    public void The_inception_block_3a_of_GoogLeNet_has_as_many_parameters_as_in_the_paper()
    {
        // Szegedy et al. 2015, table 1: 159K, without biases 163,328 weights in all.
        Network block = Network.Input(192, 28, 28).Inception(64, 96, 128, 16, 32, 32);
        Assert.Equal([256, 28, 28], block.Output.Shape);
        Assert.Equal(163_328 + 64 + 96 + 128 + 16 + 32 + 32, block.ParameterCount);
    }

    [Fact]
    public void A_dense_block_and_its_transition_have_the_channels_of_DenseNet_121()
    {
        // Huang et al. 2017, table 1: 64 channels, 6 layers of growth 32, then half of 256.
        var block = Network.Input(64, 56, 56).DenseBlock(6, 32);
        Assert.Equal([256, 56, 56], block.Shape);
        Assert.Equal([128, 28, 28], block.DenseTransition().Shape);
        Assert.Equal(335_040, new Network(block).ParameterCount);
    }

    [Fact]
    public void U_Net_has_as_many_parameters_as_in_the_paper()
    {
        // 31,031,685 with one input channel, one score and 64 filters (counted layer by layer: 3×3 pairs, 2×2 up-convolutions).
        Network network = Net.UNet(Network.Input(1, 64, 64), 1);
        Assert.Equal([1, 64, 64], network.Output.Shape);
        Assert.Equal(UNetParameters(1, 1, 64), network.ParameterCount);

        static long UNetParameters(int channels, int classes, int width)
        {
            long Pair(long from, long to) => (9 * from * to) + to + (9 * to * to) + to;
            var total = Pair(channels, width) + Pair(width, 2 * width) + Pair(2 * width, 4 * width) + Pair(4 * width, 8 * width) + Pair(8 * width, 16 * width);
            for (long w = 8 * width; w >= width; w /= 2)
                total += (4 * 2 * w * w) + w + Pair(2 * w, w);
            return total + (width * classes) + classes;
        }
    }

    [Fact]
    public void FCN_8s_gives_scores_of_the_size_of_the_image()
        => Assert.Equal([21, 64, 96], Net.Fcn8s(Network.Input(3, 64, 96), 21, width: 4, units: 8).Shape);

    [Fact]
    public void WaveNet_sees_as_far_as_its_dilations()
    {
        // 1 + 1 of the first convolution + Σ 2^i over ten layers.
        var network = Net.WaveNet(Network.Input([1, 2000]), 4, channels: 4);
        Assert.Equal([4, 2000], network.Shape);
        Assert.Equal(1 + 1 + 1023, network.ReceptiveField!.Width.Size);
        Assert.Equal(-1024, network.ReceptiveField.Width.Offset);
    }
}

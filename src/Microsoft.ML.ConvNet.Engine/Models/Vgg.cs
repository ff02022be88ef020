namespace Microsoft.ML.ConvNet;

public static partial class Models
{
    /// <summary>
    /// VGG-11 (Simonyan &amp; Zisserman 2015, configuration A): 132,863,336 parameters for 3×224×224 and 1,000 classes.
    /// </summary>
    /// <param name="input">The image; height and width are multiples of 32.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The filters of the first layer; 64 in the paper.</param>
    /// <param name="units">The units of the dense layers; 4,096 in the paper.</param>
    public static Node Vgg11(Node? input = null, int classes = 1000, int width = 64, int units = 4096)
        => Vgg(input, [1, 1, 2, 2, 2], classes, width, units);

    /// <summary>
    /// VGG-16 (Simonyan &amp; Zisserman 2015, configuration D): 138,357,544 parameters for 3×224×224 and 1,000 classes.
    /// </summary>
    /// <param name="input">The image; height and width are multiples of 32.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The filters of the first layer; 64 in the paper.</param>
    /// <param name="units">The units of the dense layers; 4,096 in the paper.</param>
    public static Node Vgg16(Node? input = null, int classes = 1000, int width = 64, int units = 4096)
        => Vgg(input, [2, 2, 3, 3, 3], classes, width, units);

    private static Node Vgg(Node? input, int[] depths, int classes, int width, int units)
        => VggStages(input ?? Network.Input(3, 224, 224), depths, width)[^1]
            .Dense(units).Relu().Dropout(0.5f)
            .Dense(units).Relu().Dropout(0.5f)
            .Dense(classes);

    /// <summary>The output of each stage: 3×3 convolutions, as many as its depth, and a pooling. The width doubles up to eight times the first.</summary>
    private static List<Node> VggStages(Node x, int[] depths, int width)
    {
        var stages = new List<Node>();
        foreach (var (stage, depth) in depths.Index())
        {
            for (var layer = 0; layer < depth; layer++)
                x = x.Conv(width * Math.Min(8, 1 << stage), kernel: 3, padding: 1).Relu();
            stages.Add(x = x.MaxPool(2));
        }

        return stages;
    }
}

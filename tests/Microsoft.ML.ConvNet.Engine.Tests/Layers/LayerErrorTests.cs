using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Layers;

/// <summary>Errors name the layer, what it is, what it received, and why that does not fit.</summary>
public class LayerErrorTests
{
    private static Node Image(int channels, int height, int width) => Network.Input(channels, height, width, "image");

    [Fact]
    public void A_kernel_larger_than_the_image()
        => Throws("Conv 'conv1' (5×5, 8 filters, 3 input channels) received 'image': 3×4×6: the output would be 8×0×2.",
            () => Image(3, 4, 6).Conv(8, 5));

    [Fact]
    public void A_dilated_kernel_larger_than_the_image()
        => Throws("Conv 'wide' (3×3, stride 2, dilation 4, 8 filters, 3 input channels) received 'image': 3×8×8: the output would be 8×0×0.",
            () => Image(3, 8, 8).Conv(8, 3, stride: 2, dilation: 4, name: "wide"));

    [Fact]
    public void Groups_that_do_not_divide_the_channels()
        => Throws("Conv 'conv1' (3×3, 4 filters, 3 input channels, 2 groups) received 'image': 3×8×8: 2 groups do not divide 3 channels and 4 filters.",
            () => Image(3, 8, 8).Conv(4, 3, groups: 2));

    [Fact]
    public void Groups_that_do_not_divide_the_filters()
        => Throws("Conv 'conv1' (3×3, 4 filters, 3 input channels, 3 groups) received 'image': 3×8×8: 3 groups do not divide 3 channels and 4 filters.",
            () => Image(3, 8, 8).Conv(4, 3, groups: 3));

    [Fact]
    public void No_groups()
        => Throws("Conv 'conv1' (3×3, 4 filters, 3 input channels, 0 groups) received 'image': 3×8×8: 0 groups do not divide 3 channels and 4 filters.",
            () => Image(3, 8, 8).Conv(4, 3, groups: 0));

    [Fact]
    public void No_filters()
        => Throws("Conv 'conv1' (3×3, 0 filters, 3 input channels) received 'image': 3×8×8: it needs at least 1 filter, not 0.",
            () => Image(3, 8, 8).Conv(0, 3));

    [Fact]
    public void No_stride()
        => Throws("Conv 'conv1' (3×3, stride 0, 4 filters, 3 input channels) received 'image': 3×8×8: size, stride and dilation must be at least 1; along the height they are 3, 0 and 1.",
            () => Image(3, 8, 8).Conv(4, 3, stride: 0));

    [Fact]
    public void Negative_padding()
        => Throws("Conv 'conv1' (3×3, padding 0×-1, 4 filters, 3 input channels) received 'image': 3×8×8: padding must not be negative; along the width it is -1 and -1.",
            () => Image(3, 8, 8).Conv(4, 3, padding: (0, -1)));

    [Fact]
    public void A_convolution_of_a_vector()
        => Throws("Conv 'conv1' (3×3, 4 filters, 10 input channels) received 'dense1': 10: it takes channels and one to three spatial axes, such as C×H×W.",
            () => Image(3, 8, 8).Dense(10).Conv(4, 3));

    [Fact]
    public void A_weight_of_another_shape()
    {
        var x = Image(3, 8, 8);
        var op = new ConvOp { Window = new Window(new WindowAxis(3), new WindowAxis(3)) };
        Throws("Conv 'c' (3×3, 4 filters, 3 input channels) received 'image': 3×8×8: its weight must be 4×3×3×3 but is 4×2×3×3.",
            () => new Node(op, [x, x.Variable([4, 2, 3, 3], Initializer.Zeros, "w")], "c"));
    }

    [Fact]
    public void A_window_larger_than_the_image()
        => Throws("MaxPool 'pool3' (window 2×2, stride 2) received 'relu3': 64×1×1: the output would be 64×0×0.",
            () => Image(64, 1, 1).Relu("relu3").MaxPool(2, name: "pool3"));

    [Fact]
    public void Padding_as_wide_as_the_window()
        => Throws("AveragePool 'averagePool1' (window 2×2, stride 2, padding 2) received 'image': 1×4×4: padding 2+2 must be smaller than the window of 2.",
            () => Image(1, 4, 4).AveragePool(2, padding: 2));

    [Fact]
    public void A_window_of_nothing()
        => Throws("MaxPool 'maxPool1' (window 0×0, stride 0) received 'image': 1×4×4: size, stride and dilation must be at least 1; along the height they are 0, 0 and 1.",
            () => Image(1, 4, 4).MaxPool(0));

    [Fact]
    public void A_window_of_which_no_tap_lies_on_the_image()
        => Throws("MaxPool 'maxPool1' (window 2×2, padding 1×0, dilation 4×1) received 'image': 1×3×4: no tap of window 0 along the height would lie on the input: -1 … 3 of 0…2.",
            () => Image(1, 3, 4).MaxPool(2, stride: 1, padding: (1, 0), dilation: (4, 1)));

    [Fact]
    public void A_volume_pooled_where_an_image_is()
        => Throws("MaxPool 'maxPool1' (window 2×2×2, stride 2) received 'image': 1×4×4: the window has more axes than the 2 of the input.",
            () => Image(1, 4, 4).MaxPool3D(2));

    [Theory]
    [InlineData(0.5f, "0.5")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NaN, "NaN")]
    public void A_norm_that_is_none(float power, string text)
        => Throws($"LpPool 'lpPool1' (window 2×2, stride 2, power {text}) received 'image': 1×4×4: the power must be finite and at least 1; it is {text}.",
            () => Image(1, 4, 4).LpPool(2, power));

    [Fact]
    public void Switches_of_a_plane_too_large_for_floats()
        => Throws("MaxPoolSwitches 's' (window 1×1) received 'image': 1×4097×4096: a plane may have at most 16777216 elements, not 16781312.",
            () => new Node(new MaxPoolSwitchesOp { Window = new Window(new WindowAxis(1), new WindowAxis(1)) }, [Image(1, 4097, 4096)], "s"));

    [Fact]
    public void An_unpooling_of_another_shape()
    {
        var pooled = Image(2, 4, 4).MaxPool(2);
        Throws("MaxUnpool 'maxUnpool1' (to 2×4×4) received 'other': 3×2×2 and 'maxPoolSwitches1': 2×2×2: its switches must be N×3×2×2 but is N×2×2×2.",
            () => Network.Input(3, 2, 2, "other").MaxUnpool(pooled));
    }

    [Fact]
    public void An_unpooling_of_no_pooling()
        => Assert.Equal(
            "MaxUnpool undoes a MaxPool; received Relu 'relu1': 2×4×4. (Parameter 'pooled')",
            Assert.Throws<ArgumentException>(() => Image(2, 4, 4).MaxUnpool(Image(2, 4, 4).Relu())).Message);

    [Fact]
    public void An_adaptive_pooling_of_a_sequence_for_images()
        => Throws("AdaptiveAveragePool 'adaptiveAveragePool1' (to 2×2) received 'text': 4×9: it is for 2 spatial axes, not 1.",
            () => Network.Input([4, 9], "text").AdaptiveAveragePool(2));

    [Fact]
    public void A_resize_to_nothing()
        => Throws("A shape needs extents of at least 1; received 0×4.", () => Image(1, 4, 4).Resize((0, 4)));

    [Fact]
    public void Corners_aligned_without_interpolation()
        => Throws("Resize 'upsample1' (by 2×2, nearest, corners aligned) received 'image': 1×4×4: corners can be aligned in the linear mode only.",
            () => Image(1, 4, 4).Upsample(2, alignCorners: true));

    [Fact]
    public void A_resize_without_a_size()
        => Throws("Resize 'r' (by scalar, linear) received 'image': 1×4×4: it needs either a size or factors.",
            () => new Node(new ResizeOp { Mode = ResizeMode.Linear }, [Image(1, 4, 4)], "r"));

    [Fact]
    public void A_resize_of_a_vector()
        => Throws("Resize 'resize1' (to 2×2, linear) received 'features': 5: it takes channels and one to three spatial axes, such as C×H×W.",
            () => Network.Input([5], "features").Resize(2, ResizeMode.Linear));

    [Fact]
    public void A_pixel_shuffle_of_too_few_channels()
        => Throws("PixelShuffle (factor 2) received 'image': 6×4×4: the factor's square, 4, must divide the 6 channels.",
            () => Image(6, 4, 4).PixelShuffle(2));

    [Fact]
    public void A_pixel_unshuffle_of_an_odd_image()
        => Throws("PixelUnshuffle (factor 2) received 'image': 1×4×5: the factor must divide 4 and 5.",
            () => Image(1, 4, 5).PixelUnshuffle(2));

    [Fact]
    public void A_pixel_shuffle_of_a_sequence()
        => Throws("PixelShuffle received 'text': 4×9: it takes an image, C×H×W.", () => Network.Input([4, 9], "text").PixelShuffle(2));

    [Fact]
    public void A_reshape_to_another_length()
        => Throws("Reshape 'reshape1' received 'image': 2×3×3: 4×4 has 16 elements, not 18.",
            () => Image(2, 3, 3).Reshape([4, 4]));

    [Fact]
    public void A_concat_of_different_heights()
        => Throws("Concat 'concat1' (axis 0) received 'image': 2×4×4 and 'other': 3×5×4: all extents but that of axis 0 must be equal.",
            () => Image(2, 4, 4).Concat(Network.Input(3, 5, 4, "other")));

    [Fact]
    public void A_concat_of_different_ranks()
        => Throws("Concat 'concat1' (axis 0) received 'image': 2×4×4 and 'other': 32: all extents but that of axis 0 must be equal.",
            () => Image(2, 4, 4).Concat(Network.Input([32], "other")));

    [Fact]
    public void A_sum_of_shapes_that_do_not_meet()
        => Throws("Add 'add1' received 'image': 2×4×4 and 'other': 2×4×3: the shapes must be equal, or one must have extents of 1 where they differ.",
            () => Image(2, 4, 4) + Network.Input(2, 4, 3, "other"));

    [Fact]
    public void A_dense_layer_without_units()
        => Throws("MatMul 'dense1' received 'image': 2×4×4: it needs at least 1 unit, not 0.",
            () => Image(2, 4, 4).Dense(0));

    [Fact]
    public void A_dropout_of_everything()
        => Throws("Dropout 'dropout1' (rate 1) received 'image': 2×4×4: the rate must be at least 0 and below 1; it is 1.",
            () => Image(2, 4, 4).Dropout(1));

    [Fact]
    public void A_residual_block_that_does_not_fit_says_which_layer()
        => Throws("Conv 'conv1' (3×3, padding 1, 0 filters, 2 input channels) received 'image': 2×4×4: it needs at least 1 filter, not 0.",
            () => Image(2, 4, 4).Residual(0));

    [Theory]
    [InlineData(0, 0.1f)]
    [InlineData(-1, 0.1f)]
    [InlineData(float.NaN, 0.1f)]
    [InlineData(1e-5f, 0)]
    [InlineData(1e-5f, 1.5f)]
    [InlineData(1e-5f, float.NaN)]
    public void A_batch_norm_with_numbers_out_of_range(float epsilon, float momentum)
        => Assert.StartsWith("BatchNorm 'batchNorm1' needs epsilon above 0 and momentum above 0 and at most 1; received ",
            Assert.Throws<ArgumentException>(() => Image(1, 1, 1).BatchNorm(epsilon, momentum)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parameters_are_not_listed_among_what_a_layer_received()
        => Assert.DoesNotContain("weight", Assert.Throws<ShapeException>(() => Image(3, 4, 4).Conv(8, 5)).Message, StringComparison.Ordinal);

    private static void Throws(string message, Func<object> build) => Assert.Equal(message, Assert.Throws<ShapeException>(build).Message);
}

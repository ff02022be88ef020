using System.Text.Json;

namespace Microsoft.ML.ConvNet.Tests.Tensors;

public class ShapeTests
{
    [Fact]
    public void Shapes_are_equal_when_their_extents_are()
    {
        Shape a = [3, 4, 5], b = new(3, 4, 5), c = [3, 5, 4];
        Assert.True(a == b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.True(a != c);
        Assert.False(a.Equals("3×4×5"));
        Assert.True(default(Shape) == []);
        Assert.Equal(default(Shape).GetHashCode(), new Shape().GetHashCode());
    }

    [Fact]
    public void Extents_are_read_from_the_front_and_from_the_back()
    {
        Shape shape = [2, 3, 4, 5];
        Assert.Equal((2, 3, 4, 5), (shape[0], shape[1], shape[^2], shape[^1]));
        Assert.Equal([2, 3, 4, 5], shape);
        Assert.Throws<IndexOutOfRangeException>(() => shape[4]);
    }

    [Theory]
    [InlineData(new int[0], 1, 1, 1, 1, 1, 1)]
    [InlineData(new[] { 7 }, 7, 1, 1, 1, 1, 7)]
    [InlineData(new[] { 7, 5 }, 7, 1, 1, 5, 5, 35)]
    [InlineData(new[] { 7, 4, 5 }, 7, 1, 4, 5, 20, 140)]
    [InlineData(new[] { 7, 3, 4, 5 }, 7, 3, 4, 5, 60, 420)]
    public void Channels_and_places_have_names(int[] extents, int c, int d, int h, int w, int plane, int length)
    {
        var shape = new Shape(extents);
        Assert.Equal((c, d, h, w, plane, length, extents.Length), (shape.C, shape.D, shape.H, shape.W, shape.Plane, shape.Length, shape.Rank));
    }

    [Fact]
    public void Channels_can_be_replaced()
    {
        Assert.Equal([1, 4, 5], new Shape(3, 4, 5).WithChannels(1));
        Assert.Equal([2], default(Shape).WithChannels(2));
    }

    [Fact]
    public void A_shape_shows_as_a_person_would_write_it()
    {
        Assert.Equal("3×32×32", new Shape(3, 32, 32).ToString());
        Assert.Equal("scalar", default(Shape).ToString());
        Assert.Equal("N×3×32×32", new TensorType([3, 32, 32], true).ToString());
        Assert.Equal("N", new TensorType([], true).ToString());
        Assert.Equal("7", new TensorType([7], false).ToString());
    }

    [Fact]
    public void A_tensor_has_one_shape_a_sample_only_with_a_batch()
    {
        Assert.Equal(8L * 6, new TensorType([2, 3], true).Length(8));
        Assert.Equal(6, new TensorType([2, 3], false).Length(8));
        Assert.Equal(4_000_000_000, new TensorType([2_000_000_000], true).Length(2));
    }

    [Fact]
    public void A_shape_does_not_follow_the_array_it_was_made_of()
    {
        var extents = new[] { 2, 3 };
        var shape = new Shape(extents);
        extents[0] = 9;
        Assert.Equal([2, 3], shape);
    }

    [Fact]
    public void Json_is_an_array_of_extents()
    {
        Assert.Equal("[3,32,32]", JsonSerializer.Serialize(new Shape(3, 32, 32)));
        Assert.Equal(new Shape(3, 32, 32), JsonSerializer.Deserialize<Shape>("[3,32,32]"));
        Assert.Equal(default, JsonSerializer.Deserialize<Shape>("[]"));
    }

    [Theory]
    [InlineData("[0]")]
    [InlineData("[3,-1]")]
    [InlineData("[65536,65536]")]
    [InlineData("null")]
    [InlineData("\"3x3\"")]
    [InlineData("[1.5]")]
    public void Json_that_is_no_shape_is_a_json_error(string json)
        => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Shape>(json));

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void An_extent_below_1_is_refused(int extent)
        => Assert.Equal($"A shape needs extents of at least 1; received 3×{extent}×2.", Assert.Throws<ShapeException>(() => new Shape(3, extent, 2)).Message);

    [Fact]
    public void More_elements_than_fit_are_refused()
    {
        Assert.Equal(int.MaxValue, new Shape(int.MaxValue).Length);
        Assert.Equal("A shape may hold at most 2147483647 elements; received 65536×32768.",
            Assert.Throws<ShapeException>(() => new Shape(65536, 32768)).Message);
        Assert.Throws<ShapeException>(() => new Shape(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue));
    }
}

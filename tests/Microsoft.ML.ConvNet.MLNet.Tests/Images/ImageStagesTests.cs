using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.ConvNet.Tests;

public sealed class ImageStagesTests : IDisposable
{
    private readonly MLContext _context = new(1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_load_with_a_type_without_a_size()
    {
        var view = Load(TestPng.Grey(3, 2, (x, y) => 10 * x + y));

        Assert.Equal(new ImageDataViewType(), view.Schema["Image"].Type);
        Assert.Equal("Image", view.Schema["Image"].Type.ToString());
        using var cursor = view.GetRowCursor([view.Schema["Image"]]);
        var getter = cursor.GetGetter<MLImage>(view.Schema["Image"]);
        MLImage image = null!;
        Assert.True(cursor.MoveNext());
        getter(ref image);
        Assert.Equal((3, 2), (image.Width, image.Height));
        Assert.Equal(_folder.PathOf("0.png"), image.Tag);
    }

    [Fact]
    public void Images_are_disposed_of_by_the_stage_that_made_them()
    {
        var view = Load(TestPng.Grey(1, 1, (_, _) => 1), TestPng.Grey(1, 1, (_, _) => 2));
        MLImage image = null!, first, second;
        using (var cursor = view.GetRowCursor([view.Schema["Image"]]))
        {
            var getter = cursor.GetGetter<MLImage>(view.Schema["Image"]);
            cursor.MoveNext();
            getter(ref image);
            first = image;
            cursor.MoveNext();
            getter(ref image);
            second = image;
            Assert.NotSame(first, second);
            Assert.Throws<InvalidOperationException>(() => first.Width);
            Assert.Equal(1, second.Width);
        }
        Assert.Throws<InvalidOperationException>(() => second.Width);
    }

    [Fact]
    public void A_missing_folder_and_a_missing_file_are_reported()
    {
        Assert.Throws<ArgumentException>(() => _context.Transforms.LoadImages("Image", _folder.PathOf("nowhere"), "Path"));
        var data = _context.Data.LoadFromEnumerable(new[] { new File { Path = "missing.png" } });
        var view = _context.Transforms.LoadImages("Image", _folder.FullName, "Path").Fit(data).Transform(data);
        Assert.Throws<FileNotFoundException>(() => view.GetColumn<MLImage>("Image").Count());
    }

    [Fact]
    public void A_path_must_be_text_and_an_image_an_image()
    {
        var data = _context.Data.LoadFromEnumerable(new[] { new { Number = 1f } });
        var load = Assert.Throws<ArgumentOutOfRangeException>(() => _context.Transforms.LoadImages("Image", null, "Number").Fit(data));
        Assert.Contains("Schema mismatch for input column 'Number': expected String, got Single", load.Message, StringComparison.Ordinal);
        var resize = Assert.Throws<ArgumentOutOfRangeException>(() => _context.Transforms.ResizeImages("Number", 2, 2).Fit(data));
        Assert.Contains("Schema mismatch for input column 'Number': expected image, got Single", resize.Message, StringComparison.Ordinal);
        var missing = Assert.Throws<ArgumentOutOfRangeException>(() => _context.Transforms.ResizeImages("Image", 2, 2).Fit(data));
        Assert.Contains("Could not find input column 'Image'", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resizing_gives_the_type_a_size()
    {
        var view = Resize(TestPng.Grey(4, 4, (_, _) => 9), 6, 3, ImageResizingEstimator.ResizingKind.IsoCrop);

        Assert.Equal(new ImageDataViewType(3, 6), view.Schema["Image"].Type);
        Assert.Equal("Image<3, 6>", view.Schema["Image"].Type.ToString());
    }

    [Fact]
    public void An_image_of_the_right_size_is_passed_on_untouched()
    {
        var pixels = Pixels(Resize(TestPng.Rgb(2, 2, (x, y) => (x, y, 100)), 2, 2, ImageResizingEstimator.ResizingKind.IsoCrop), 2, 2);

        Assert.Equal((1, 0, 100), pixels[0, 1]);
        Assert.Equal((0, 1, 100), pixels[1, 0]);
    }

    [Fact]
    public void Filling_stretches_both_sides()
    {
        // Two colours side by side, doubled in width and halved in height: the halves stay what they were.
        var pixels = Pixels(Resize(TestPng.Rgb(2, 4, (x, _) => x == 0 ? (200, 0, 0) : (0, 0, 90)), 4, 2, ImageResizingEstimator.ResizingKind.Fill), 4, 2);

        for (var y = 0; y < 2; y++)
        {
            Assert.Equal((200, 0, 0), pixels[y, 0]);
            Assert.Equal((200, 0, 0), pixels[y, 1]);
            Assert.Equal((0, 0, 90), pixels[y, 2]);
            Assert.Equal((0, 0, 90), pixels[y, 3]);
        }
    }

    [Fact]
    public void Padding_keeps_the_shape_and_leaves_black_beside_it()
    {
        var pixels = Pixels(Resize(TestPng.Grey(8, 4, (_, _) => 200), 8, 8, ImageResizingEstimator.ResizingKind.IsoPad), 8, 8);

        for (var x = 0; x < 8; x++)
        {
            Assert.Equal((0, 0, 0), pixels[0, x]);
            Assert.Equal((0, 0, 0), pixels[1, x]);
            Assert.Equal((200, 200, 200), pixels[3, x]);
            Assert.Equal((200, 200, 200), pixels[4, x]);
            Assert.Equal((0, 0, 0), pixels[6, x]);
            Assert.Equal((0, 0, 0), pixels[7, x]);
        }
    }

    [Theory]
    [InlineData(ImageResizingEstimator.Anchor.Left, 40)]
    [InlineData(ImageResizingEstimator.Anchor.Center, 120)]
    [InlineData(ImageResizingEstimator.Anchor.Right, 240)]
    public void Cropping_keeps_the_side_of_its_anchor(ImageResizingEstimator.Anchor anchor, int expected)
    {
        // Thirds of 40, 120 and 240, as high as wide in the target: exactly one third is left.
        var pixels = Pixels(Resize(TestPng.Grey(12, 4, (x, _) => new[] { 40, 120, 240 }[x / 4]), 4, 4, ImageResizingEstimator.ResizingKind.IsoCrop, anchor), 4, 4);

        foreach (var y in new[] { 0, 3 })
        {
            Assert.Equal((expected, expected, expected), pixels[y, 1]);
            Assert.Equal((expected, expected, expected), pixels[y, 2]);
        }
    }

    [Theory]
    [InlineData(ImageResizingEstimator.Anchor.Top, 40)]
    [InlineData(ImageResizingEstimator.Anchor.Center, 120)]
    [InlineData(ImageResizingEstimator.Anchor.Bottom, 240)]
    public void Cropping_keeps_the_end_of_its_anchor(ImageResizingEstimator.Anchor anchor, int expected)
    {
        var pixels = Pixels(Resize(TestPng.Grey(4, 12, (_, y) => new[] { 40, 120, 240 }[y / 4]), 4, 4, ImageResizingEstimator.ResizingKind.IsoCrop, anchor), 4, 4);

        Assert.Equal((expected, expected, expected), pixels[1, 0]);
        Assert.Equal((expected, expected, expected), pixels[2, 3]);
    }

    [Fact]
    public void Cropping_is_the_default()
    {
        var view = Load(TestPng.Grey(12, 4, (x, _) => new[] { 40, 120, 240 }[x / 4]));
        var pixels = Pixels(_context.Transforms.ResizeImages("Image", 4, 4).Fit(view).Transform(view), 4, 4);

        Assert.Equal((120, 120, 120), pixels[1, 1]);
    }

    [Fact]
    public void Shrinking_stays_between_the_darkest_and_the_lightest()
    {
        var pixels = Pixels(Resize(TestPng.Grey(16, 16, (x, y) => (x + y) % 2 == 0 ? 100 : 140), 4, 4, ImageResizingEstimator.ResizingKind.IsoCrop), 4, 4);

        foreach (var (r, _, _) in pixels)
            Assert.InRange(r, 95, 145);
    }

    [Fact]
    public void Greyscale_weighs_the_colours()
    {
        var view = Load(TestPng.Rgb(2, 1, (x, _) => x == 0 ? (200, 100, 50) : (0, 255, 0)));
        var grey = _context.Transforms.ConvertToGrayscale("Image").Fit(view).Transform(view);
        var image = ReadAll(grey).Single();

        Assert.InRange(image[2], 123, 126);
        Assert.Equal((image[2], image[2]), (image[0], image[1]));
        Assert.InRange(image[6], 149, 152);
    }

    [Fact]
    public void Pixels_are_extracted_plane_by_plane_red_first()
    {
        var view = Extract((x, y) => (10 + x, 20 + y, 30), output => _context.Transforms.ExtractPixels(output, "Image"));

        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 3, 2, 2), view.Schema["Pixels"].Type);
        Assert.Equal([10f, 11, 10, 11, 20, 20, 21, 21, 30, 30, 30, 30], view.GetColumn<float[]>("Pixels").Single());
    }

    [Fact]
    public void Pixels_can_be_interleaved()
    {
        var view = Extract((x, y) => (10 + x, 20 + y, 30), output => _context.Transforms.ExtractPixels(output, "Image", interleavePixelColors: true));

        Assert.Equal("Vector<Single, 2, 2, 3>", view.Schema["Pixels"].Type.ToString());
        Assert.Equal([10f, 20, 30, 11, 20, 30, 10, 21, 30, 11, 21, 30], view.GetColumn<float[]>("Pixels").Single());
    }

    [Theory]
    [InlineData(ImagePixelExtractingEstimator.ColorsOrder.ARGB, new float[] { 255, 1, 2, 3 })]
    [InlineData(ImagePixelExtractingEstimator.ColorsOrder.ABGR, new float[] { 255, 3, 2, 1 })]
    [InlineData(ImagePixelExtractingEstimator.ColorsOrder.AGRB, new float[] { 255, 2, 1, 3 })]
    [InlineData(ImagePixelExtractingEstimator.ColorsOrder.ARBG, new float[] { 255, 1, 3, 2 })]
    public void Colours_come_in_the_order_asked_for(ImagePixelExtractingEstimator.ColorsOrder order, float[] expected)
    {
        var view = Extract(
            (_, _) => (1, 2, 3),
            output => _context.Transforms.ExtractPixels(output, "Image", ImagePixelExtractingEstimator.ColorBits.All, order, interleavePixelColors: true));

        Assert.Equal(expected, view.GetColumn<float[]>("Pixels").Single()[..4]);
    }

    [Fact]
    public void The_offset_is_taken_before_the_scale()
    {
        var view = Extract((_, _) => (30, 10, 0), output => _context.Transforms.ExtractPixels(output, "Image", offsetImage: 10, scaleImage: 0.5f, interleavePixelColors: true));

        Assert.Equal([10f, 0, -5], view.GetColumn<float[]>("Pixels").Single()[..3]);
    }

    [Fact]
    public void One_colour_as_bytes_is_possible()
    {
        var view = Extract(
            (x, y) => (1, x, y),
            output => _context.Transforms.ExtractPixels(output, "Image", ImagePixelExtractingEstimator.ColorBits.Green, scaleImage: 7, outputAsFloatArray: false));

        Assert.Equal(new VectorDataViewType(NumberDataViewType.Byte, 1, 2, 2), view.Schema["Pixels"].Type);
        Assert.Equal([0, 1, 0, 1], view.GetColumn<byte[]>("Pixels").Single());
    }

    [Fact]
    public void Pixels_need_an_image_of_known_size()
    {
        var view = Load(TestPng.Grey(2, 2, (_, _) => 1));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => _context.Transforms.ExtractPixels("Pixels", "Image").Fit(view));
        Assert.Contains("expected known-size image, got unknown-size image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_in_memory_are_a_column_of_the_size_their_attribute_says()
    {
        var rows = new[] { 5, 7 }.Select(value => new InMemory { Image = MLImage.CreateFromPixels(2, 1, MLPixelFormat.Bgra32, [(byte)value, 2, 3, 255, 4, 5, 6, 255]) }).ToList();
        var data = _context.Data.LoadFromEnumerable(rows);
        var view = _context.Transforms.ExtractPixels("Pixels", "Image").Fit(data).Transform(data);

        Assert.Equal(new ImageDataViewType(1, 2), data.Schema["Image"].Type);
        Assert.Equal([[3f, 6, 2, 5, 5, 4], [3f, 6, 2, 5, 7, 4]], view.GetColumn<float[]>("Pixels").ToArray());
    }

    [Fact]
    public void Several_cursors_share_the_images_between_them()
    {
        var pngs = Enumerable.Range(0, 100).Select(i => TestPng.Grey(2, 2, (_, _) => i)).ToArray();
        var view = Load(pngs);
        var column = view.Schema["Image"];
        var cursors = view.GetRowCursorSet([column], 3);
        var seen = new List<int>();
        Assert.Equal(3, cursors.Length);

        Parallel.ForEach(cursors, cursor =>
        {
            using (cursor)
            {
                var getter = cursor.GetGetter<MLImage>(column);
                MLImage image = null!;
                while (cursor.MoveNext())
                {
                    getter(ref image);
                    lock (seen)
                        seen.Add(image.Pixels[0]);
                }
            }
        });

        Assert.Equal(Enumerable.Range(0, 100), seen.Order());
    }

    private IDataView Load(params TestPng[] pngs)
    {
        var files = pngs.Select((png, i) => new File { Path = _folder.Write($"{i}.png", png.Encode()) }).ToArray();
        var data = _context.Data.LoadFromEnumerable(files);
        return _context.Transforms.LoadImages("Image", _folder.FullName, "Path").Fit(data).Transform(data);
    }

    private IDataView Resize(
        TestPng png, int width, int height, ImageResizingEstimator.ResizingKind kind, ImageResizingEstimator.Anchor anchor = ImageResizingEstimator.Anchor.Center)
    {
        var view = Load(png);
        return _context.Transforms.ResizeImages("Image", width, height, "Image", kind, anchor).Fit(view).Transform(view);
    }

    private IDataView Extract(Func<int, int, (int R, int G, int B)> color, Func<string, ImagePixelExtractingEstimator> extract)
    {
        var view = Load(TestPng.Rgb(2, 2, color));
        view = _context.Transforms.ResizeImages("Image", 2, 2).Fit(view).Transform(view);
        return extract("Pixels").Fit(view).Transform(view);
    }

    /// <summary>The first image's colours by row and column.</summary>
    private static (int R, int G, int B)[,] Pixels(IDataView view, int width, int height)
    {
        var bytes = ReadAll(view)[0];
        var result = new (int, int, int)[height, width];
        for (var i = 0; i < width * height; i++)
            result[i / width, i % width] = (bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2]);
        return result;
    }

    /// <summary>All images as red, green, blue and alpha.</summary>
    private static List<byte[]> ReadAll(IDataView view) => view.GetColumn<MLImage>("Image").Select(image => Enumerable.Range(0, image.Width * image.Height).SelectMany(i =>
    {
        var (r, g, b, a) = MLImageTests.Rgba(image, i % image.Width, i / image.Width);
        return new[] { r, g, b, a };
    }).ToArray()).ToList();

    private sealed class InMemory
    {
        [ImageType(1, 2)]
        public MLImage Image { get; set; } = null!;
    }

    private sealed class File
    {
        public string Path { get; set; } = "";
    }
}

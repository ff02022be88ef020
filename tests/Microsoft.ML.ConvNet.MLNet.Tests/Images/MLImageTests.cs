using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class MLImageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Grey_files_become_four_bytes_a_pixel(int depth)
    {
        var most = (1 << depth) - 1;
        var image = Read(new TestPng(5, 3, depth, 0, (x, y) => [(x + 2 * y) * most / 8]));

        Assert.Equal((5, 3, 32), (image.Width, image.Height, image.BitsPerPixel));
        for (var i = 0; i < 15; i++)
        {
            var expected = (i % 5 + 2 * (i / 5)) * most / 8 * 255.0 / most;
            var pixel = image.Pixels.Slice(4 * i, 4);
            Assert.InRange(pixel[0], expected - 1, expected + 1);
            Assert.Equal((pixel[0], pixel[0], (byte)255), (pixel[1], pixel[2], pixel[3]));
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public void Colours_survive_every_filter_and_interlace(int filter, bool interlaced)
    {
        var image = Read(TestPng.Rgb(11, 9, (x, y) => (20 * x, 25 * y, x * y)) with { Filter = filter, Interlaced = interlaced });

        for (var y = 0; y < 9; y++)
        {
            for (var x = 0; x < 11; x++)
                Assert.Equal(((byte)(20 * x), (byte)(25 * y), (byte)(x * y), (byte)255), Rgba(image, x, y));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public void Palettes_are_looked_up(int depth)
    {
        var image = Read(new TestPng(4, 2, depth, 3, (x, y) => [(x + y) % 2]) { Palette = [10, 20, 30, 200, 100, 50] });

        Assert.Equal(((byte)10, (byte)20, (byte)30, (byte)255), Rgba(image, 0, 0));
        Assert.Equal(((byte)200, (byte)100, (byte)50, (byte)255), Rgba(image, 1, 0));
        Assert.Equal(((byte)200, (byte)100, (byte)50, (byte)255), Rgba(image, 0, 1));
    }

    [Fact]
    public void Colours_are_multiplied_by_their_alpha()
    {
        var image = Read(new TestPng(2, 1, 8, 6, (x, _) => x == 0 ? [200, 100, 40, 255] : [200, 100, 40, 128]));

        Assert.Equal(((byte)200, (byte)100, (byte)40, (byte)255), Rgba(image, 0, 0));
        var (r, g, b, a) = Rgba(image, 1, 0);
        Assert.Equal(128, a);
        Assert.InRange(r, 99, 102);
        Assert.InRange(g, 49, 52);
        Assert.InRange(b, 19, 22);
    }

    [Fact]
    public void Grey_with_alpha_and_sixteen_bit_colours_are_read()
    {
        var grey = Read(new TestPng(1, 1, 8, 4, (_, _) => [77, 255]));
        Assert.Equal(((byte)77, (byte)77, (byte)77, (byte)255), Rgba(grey, 0, 0));

        var deep = Read(new TestPng(1, 1, 16, 2, (_, _) => [0xFFFF, 0x8000, 0]));
        var (r, g, b, _) = Rgba(deep, 0, 0);
        Assert.Equal((255, 0), (r, b));
        Assert.InRange(g, 127, 129);
    }

    [Fact]
    public void Bitmaps_are_read_from_the_bottom_up()
    {
        var file = new byte[54 + 2 * 8];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), 2);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), 2);
        file[26] = 1;
        file[28] = 24;
        byte[] bottom = [1, 2, 3, 4, 5, 6], top = [7, 8, 9, 10, 11, 12];
        bottom.CopyTo(file, 54);
        top.CopyTo(file, 62);

        using var stream = new MemoryStream(file);
        var image = MLImage.CreateFromStream(stream);

        Assert.Equal(((byte)9, (byte)8, (byte)7, (byte)255), Rgba(image, 0, 0));
        Assert.Equal(((byte)6, (byte)5, (byte)4, (byte)255), Rgba(image, 1, 1));
    }

    [Fact]
    public void Pixels_come_back_as_they_were_given()
    {
        byte[] pixels = [1, 2, 3, 255, 4, 5, 6, 255];
        var image = MLImage.CreateFromPixels(2, 1, MLPixelFormat.Rgba32, pixels);

        Assert.Equal(MLPixelFormat.Rgba32, image.PixelFormat);
        Assert.Equal(pixels, image.Pixels.ToArray());
        Assert.Equal([3, 2, 1, 6, 5, 4], image.GetBGRPixels);
    }

    [Fact]
    public void Wrong_pixels_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MLImage.CreateFromPixels(2, 1, MLPixelFormat.Bgra32, new byte[7]));
        Assert.Throws<ArgumentException>(() => MLImage.CreateFromPixels(0, 1, MLPixelFormat.Bgra32, []));
        Assert.Throws<ArgumentException>(() => MLImage.CreateFromPixels(1, 1, MLPixelFormat.Unknown, new byte[4]));
    }

    [Fact]
    public void What_is_no_image_is_refused()
    {
        using var stream = new MemoryStream("no image at all"u8.ToArray());
        Assert.Throws<ArgumentException>(() => MLImage.CreateFromStream(stream));
        Assert.Throws<ArgumentException>(() => MLImage.CreateFromFile("there/is/no/such.png"));
    }

    [Fact]
    public void A_saved_png_reads_back_the_same()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("image.png");
        byte[] pixels = [1, 2, 3, 255, 40, 50, 60, 255, 250, 0, 128, 255];
        MLImage.CreateFromPixels(3, 1, MLPixelFormat.Bgra32, pixels).Save(path);

        var image = MLImage.CreateFromFile(path);

        Assert.Equal((3, 1), (image.Width, image.Height));
        Assert.Equal(((byte)3, (byte)2, (byte)1, (byte)255), Rgba(image, 0, 0));
        Assert.Equal(((byte)128, (byte)0, (byte)250, (byte)255), Rgba(image, 2, 0));
        Assert.Throws<ArgumentException>(() => image.Save(folder.PathOf("image.unknown")));
    }

    [JpegFact]
    public void A_saved_jpeg_reads_back_nearly_the_same()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("image.jpg");
        var pixels = new byte[4 * 16 * 8];
        for (var i = 0; i < pixels.Length; i += 4)
            ((ReadOnlySpan<byte>)[30, 90, 200, 255]).CopyTo(pixels.AsSpan(i));
        MLImage.CreateFromPixels(16, 8, MLPixelFormat.Bgra32, pixels).Save(path);

        var image = MLImage.CreateFromFile(path);

        Assert.Equal((16, 8), (image.Width, image.Height));
        var (r, g, b, _) = Rgba(image, 7, 3);
        Assert.InRange(r, 196, 204);
        Assert.InRange(g, 86, 94);
        Assert.InRange(b, 26, 34);
    }

    [Fact]
    public void After_disposal_an_image_says_so()
    {
        var image = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, new byte[4]);
        image.Dispose();
        image.Dispose();

        Assert.Throws<InvalidOperationException>(() => image.Width);
        Assert.Throws<InvalidOperationException>(() => image.Pixels.Length);
        Assert.Throws<InvalidOperationException>(() => image.Tag);
    }

    internal static (byte R, byte G, byte B, byte A) Rgba(MLImage image, int x, int y)
    {
        var pixel = image.Pixels.Slice(4 * (y * image.Width + x), 4);
        return image.PixelFormat == MLPixelFormat.Bgra32 ? (pixel[2], pixel[1], pixel[0], pixel[3]) : (pixel[0], pixel[1], pixel[2], pixel[3]);
    }

    private static MLImage Read(TestPng png)
    {
        using var stream = new MemoryStream(png.Encode());
        return MLImage.CreateFromStream(stream);
    }

    /// <summary>Skipped where JPEG files cannot be read for want of the native library.</summary>
    private sealed class JpegFactAttribute : FactAttribute
    {
        public JpegFactAttribute()
        {
            if (!NativeLibrary.TryLoad("libturbojpeg.so.0", out _))
                Skip = "libturbojpeg.so.0 is not installed";
        }
    }
}

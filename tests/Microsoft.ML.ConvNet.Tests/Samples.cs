using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Easy problems of three classes under noise: bars as vectors, and colours as images.</summary>
internal static class Samples
{
    /// <summary>The height and width of a vector's image.</summary>
    public const int Size = 6;

    /// <summary>The height and width of an image.</summary>
    public const int ImageSize = 12;

    public static readonly string[] Bars = ["left", "middle", "right"];

    public static readonly string[] Colors = ["red", "green", "blue"];

    /// <summary>Rows with a bright bar in two columns of the image.</summary>
    public static VectorRow[] Vectors(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new VectorRow
        {
            Index = i,
            Label = Bars[i % 3],
            Features = [.. Enumerable.Range(0, Size * Size).Select(p => (0.4f * random.NextSingle()) + (p % Size / 2 == i % 3 ? 0.5f : 0))],
        })];
    }

    /// <summary>The pixels of an image: mostly red, green or blue, and opaque.</summary>
    public static byte[] Pixels(int color, int seed, MLPixelFormat format = MLPixelFormat.Rgba32, int size = ImageSize)
    {
        var random = new Random(seed);
        var pixels = new byte[4 * size * size];
        for (var i = 0; i < pixels.Length; i += 4)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                var place = format == MLPixelFormat.Rgba32 ? channel : 2 - channel;
                pixels[i + place] = (byte)(random.Next(100) + (channel == color ? 150 : 0));
            }

            pixels[i + 3] = 255;
        }

        return pixels;
    }

    public static MLImage Image(int color, int seed, MLPixelFormat format = MLPixelFormat.Rgba32, int size = ImageSize)
        => MLImage.CreateFromPixels(size, size, format, Pixels(color, seed, format, size));

    /// <summary>Images in memory, of all colours in turn.</summary>
    public static ImageRow[] Images(int count, MLPixelFormat format = MLPixelFormat.Rgba32)
        => [.. Enumerable.Range(0, count).Select(i => new ImageRow { Image = Image(i % 3, i, format), Label = Colors[i % 3] })];

    /// <summary>Writes images to a folder.</summary>
    public static ImageFile[] Files(TemporaryFolder folder, int count, int seed = 1, int size = ImageSize)
        => [.. Enumerable.Range(0, count).Select(i =>
        {
            var path = folder.PathOf($"{seed}-{i}.png");
            using var image = Image(i % 3, (1000 * seed) + i, size: size);
            image.Save(path);
            return new ImageFile { ImagePath = path, Label = Colors[i % 3] };
        })];

    /// <summary>A network for vectors.</summary>
    public static Network VectorNetwork(int classes = 3)
        => Network.Input(1, Size, Size).Conv(4, kernel: 3).LeakyRelu(0.1f).MaxPool(2).Dense(classes);

    /// <summary>A network for images.</summary>
    public static Network ImageNetwork(int channels = 3, int classes = 3)
        => Network.Input(channels, ImageSize, ImageSize).Conv(8, kernel: 3, stride: 2).LeakyRelu(0.1f).MaxPool(2).Dense(classes);
}

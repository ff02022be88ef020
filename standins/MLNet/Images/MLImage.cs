// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: images of 32 bits a pixel.
namespace Microsoft.ML.Data;

public enum MLPixelFormat
{
    Unknown = 0,
    Bgra32 = 1,
    Rgba32 = 2,
}

public sealed class MLImage : IDisposable
{
    private readonly int _width;
    private readonly int _height;
    private readonly MLPixelFormat _format;
    private byte[] _pixels;
    private string _tag;

    internal MLImage(int width, int height, MLPixelFormat format, byte[] pixels)
    {
        _width = width;
        _height = height;
        _format = format;
        _pixels = pixels;
    }

    public int Width => Alive(_width);

    public int Height => Alive(_height);

    public int BitsPerPixel => Alive(32);

    public MLPixelFormat PixelFormat => Alive(_format);

    public ReadOnlySpan<byte> Pixels => Alive(_pixels);

    public string Tag
    {
        get => Alive(_tag);
        set
        {
            Alive(0);
            _tag = value;
        }
    }

    public byte[] GetBGRPixels
    {
        get
        {
            Alive(0);
            var (b, r) = _format == MLPixelFormat.Bgra32 ? (0, 2) : (2, 0);
            var result = new byte[3 * _width * _height];
            for (int from = 0, to = 0; to < result.Length; from += 4, to += 3)
            {
                var alpha = _pixels[from + 3];
                result[to] = Straight(_pixels[from + b], alpha);
                result[to + 1] = Straight(_pixels[from + 1], alpha);
                result[to + 2] = Straight(_pixels[from + r], alpha);
            }
            return result;
        }
    }

    public static MLImage CreateFromStream(Stream imageStream)
    {
        ArgumentNullException.ThrowIfNull(imageStream);
        using var memory = new MemoryStream();
        imageStream.CopyTo(memory);
        return ImageFile.Decode(memory.GetBuffer().AsSpan(0, (int)memory.Length), nameof(imageStream), "Invalid input stream contents");
    }

    public static MLImage CreateFromFile(string imagePath)
    {
        ArgumentNullException.ThrowIfNull(imagePath);
        if (!File.Exists(imagePath))
            throw new ArgumentException("Invalid path", nameof(imagePath));
        return ImageFile.Decode(File.ReadAllBytes(imagePath), nameof(imagePath), $"Invalid path '{imagePath}'");
    }

    public static MLImage CreateFromPixels(int width, int height, MLPixelFormat pixelFormat, ReadOnlySpan<byte> imagePixelData)
    {
        if (pixelFormat is not (MLPixelFormat.Bgra32 or MLPixelFormat.Rgba32))
            throw new ArgumentException("Unsupported pixel format", nameof(pixelFormat));
        if (width <= 0)
            throw new ArgumentException("Invalid width value.", nameof(width));
        if (height <= 0)
            throw new ArgumentException("Invalid height value.", nameof(height));
        if (imagePixelData.Length != (long)width * height * 4)
            throw new ArgumentException("Invalid imagePixelData buffer size.");
        return new MLImage(width, height, pixelFormat, imagePixelData.ToArray());
    }

    public void Save(string imagePath)
    {
        Alive(0);
        ImageFile.Save(this, imagePath);
    }

    public void Dispose() => _pixels = null;

    internal MLImage CloneWithResizing(int width, int height, ImageResizeMode mode) => ImageResampling.Resize(this, width, height, mode);

    internal MLImage CloneWithGrayscale()
    {
        var source = Alive(_pixels);
        var (b, r) = _format == MLPixelFormat.Bgra32 ? (0, 2) : (2, 0);
        var pixels = new byte[source.Length];
        for (var i = 0; i < pixels.Length; i += 4)
        {
            var grey = (byte)(0.3f * source[i + r] + 0.59f * source[i + 1] + 0.11f * source[i + b] + 0.5f);
            pixels[i] = pixels[i + 1] = pixels[i + 2] = grey;
            pixels[i + 3] = 255;
        }
        return new MLImage(_width, _height, MLPixelFormat.Bgra32, pixels);
    }

    // Colours are stored multiplied by alpha, as the decoders and the canvas of the real library do.
    private static byte Straight(byte value, byte alpha) => alpha == 255 ? value : alpha == 0 ? (byte)0 : (byte)Math.Min(255, (value * 255 + alpha / 2) / alpha);

    private T Alive<T>(T value) => _pixels == null ? throw new InvalidOperationException("Object is disposed.") : value;
}

internal enum ImageResizeMode
{
    Pad,
    Fill,
    CropAnchorTop,
    CropAnchorBottom,
    CropAnchorLeft,
    CropAnchorRight,
    CropAnchorCentral,
}

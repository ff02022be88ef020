// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: image files by their contents or their extension.
namespace Microsoft.ML.Data;

internal static class ImageFile
{
    private static readonly string[] KnownExtensions =
        [".bmp", ".png", ".jpg", ".jpeg", ".gif", ".ico", ".astc", ".avif", ".dng", ".heif", ".ktx", ".pkm", ".wbmp", ".webp"];

    public static MLImage Decode(ReadOnlySpan<byte> file, string parameter, string complaint)
    {
        try
        {
            if (PngDecoder.Recognizes(file))
                return PngDecoder.Decode(file);
            if (file.StartsWith("BM"u8))
                return BmpDecoder.Decode(file);
            if (file.StartsWith<byte>([0xFF, 0xD8, 0xFF]))
                return Jpeg.Decode(file);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException or IndexOutOfRangeException or EndOfStreamException or OverflowException)
        {
            throw new ArgumentException($"{complaint}: {e.Message}", parameter, e);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException($"{complaint}: {e.Message}", e);
        }
        var format = file.StartsWith("GIF8"u8) ? "GIF" : file.Length > 12 && file[8..].StartsWith("WEBP"u8) ? "WebP" : null;
        throw new ArgumentException(format == null ? complaint : $"{complaint}: without Microsoft.ML's packages only PNG, BMP and JPEG are read, got {format}.", parameter);
    }

    public static void Save(MLImage image, string path)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (!KnownExtensions.Contains(extension))
            throw new ArgumentException("Path has invalid image file extension.", nameof(path));
        var file = extension switch
        {
            ".png" => PngEncoder.Encode(image),
            ".jpg" or ".jpeg" => Jpeg.Encode(image),
            _ => throw new ArgumentException($"Saving image with the format '{extension}' is not supported. Try saving it as Jpeg or Png.", nameof(path)),
        };
        File.WriteAllBytes(path, file);
    }
}

using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.ConvNet.Samples.FashionMnist;

/// <summary>Reads gzipped idx files, the format of MNIST and Fashion-MNIST: a big-endian header, then one byte a value.</summary>
public static class IdxFile
{
    // Two zero bytes, the type of the values (8: unsigned byte), the number of dimensions.
    private const uint ImagesMagic = 0x0803;
    private const uint LabelsMagic = 0x0801;

    /// <summary>Reads grey images (<c>…-images-idx3-ubyte.gz</c>).</summary>
    /// <exception cref="InvalidDataException">The file is not a complete gzipped idx file of images.</exception>
    public static IdxImages ReadImages(string path)
    {
        var (dimensions, pixels) = Read(path, "images", ImagesMagic, dimensionCount: 3);
        return new IdxImages(dimensions[0], dimensions[1], dimensions[2], pixels);
    }

    /// <summary>Reads labels (<c>…-labels-idx1-ubyte.gz</c>): one byte for each image.</summary>
    /// <exception cref="InvalidDataException">The file is not a complete gzipped idx file of labels.</exception>
    public static byte[] ReadLabels(string path) => Read(path, "labels", LabelsMagic, dimensionCount: 1).Values;

    private static (int[] Dimensions, byte[] Values) Read(string path, string content, uint magic, int dimensionCount)
    {
        var file = Decompress(path);
        var headerLength = 4 * (1 + dimensionCount);
        if (file.Length < headerLength)
            throw new InvalidDataException($"{path}: expected an idx header of {headerLength} bytes; found {file.Length} bytes.");

        var foundMagic = BinaryPrimitives.ReadUInt32BigEndian(file);
        if (foundMagic != magic)
            throw new InvalidDataException($"{path}: expected idx {content} (magic number 0x{magic:X8}); found 0x{foundMagic:X8}.");

        var dimensions = new int[dimensionCount];
        for (var i = 0; i < dimensionCount; i++)
            dimensions[i] = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(4 * (1 + i)));

        // The header is compared with what is there, so that a corrupt one never leads to a huge allocation.
        var found = file.Length - headerLength;
        var expected = dimensions.Aggregate(Int128.One, (product, extent) => product * extent);
        if (dimensions.Any(extent => extent < 0) || expected != found)
            throw new InvalidDataException(
                $"{path}: expected {string.Join("×", dimensions)} bytes of {content} after the header; found {found}.");
        return (dimensions, file[headerLength..]);
    }

    private static byte[] Decompress(string path)
    {
        using var file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var content = new MemoryStream();
        try
        {
            gzip.CopyTo(content);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidDataException($"{path}: expected a complete gzip file; found damaged, truncated or uncompressed data.", damage);
        }
        return content.ToArray();
    }
}

/// <summary>Grey images, one after the other, row by row.</summary>
/// <param name="Count">The number of images.</param>
/// <param name="Height">The number of rows of an image.</param>
/// <param name="Width">The number of columns of an image.</param>
/// <param name="Pixels">Count × Height × Width grey values: 0 is background, 255 full ink.</param>
public sealed record IdxImages(int Count, int Height, int Width, byte[] Pixels)
{
    /// <summary>The pixels of one image.</summary>
    public ReadOnlySpan<byte> this[int index] => Pixels.AsSpan(index * Height * Width, Height * Width);
}

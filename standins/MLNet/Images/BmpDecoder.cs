// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: uncompressed BMP files of 1 to 32 bits a pixel.
using System.Buffers.Binary;
using System.Numerics;

namespace Microsoft.ML.Data;

internal static class BmpDecoder
{
    private const int Uncompressed = 0;
    private const int BitFields = 3;

    public static MLImage Decode(ReadOnlySpan<byte> file)
    {
        var start = Int(file, 10);
        var headerSize = Int(file, 14);
        var (width, signedHeight) = (Int(file, 18), Int(file, 22));
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(file[28..]);
        var compression = Int(file, 30);
        var isKnown = bits is 1 or 4 or 8 or 16 or 24 or 32 && (compression == Uncompressed || (compression == BitFields && bits is 16 or 32));
        if (headerSize < 40 || width <= 0 || signedHeight is 0 or int.MinValue || (long)width * Math.Abs(signedHeight) > int.MaxValue / 4 || !isKnown)
            throw new InvalidDataException($"a BMP header of {width}×{signedHeight}, {bits} bits and compression {compression}");

        var height = Math.Abs(signedHeight);
        // Masks follow the 40 bytes that every header has.
        var masks = compression == BitFields ? [Mask(file, 54), Mask(file, 58), Mask(file, 62)] : bits == 16 ? new uint[] { 0x7C00, 0x3E0, 0x1F } : [0xFF0000, 0xFF00, 0xFF];
        var stride = (width * bits + 31) / 32 * 4;
        var pixels = new byte[4 * width * height];
        for (var y = 0; y < height; y++)
        {
            // Rows run from the bottom up, unless the height is negative.
            var row = file.Slice(start + (signedHeight > 0 ? height - 1 - y : y) * stride, stride);
            for (var x = 0; x < width; x++)
            {
                var target = pixels.AsSpan(4 * (y * width + x), 4);
                target[3] = 255;
                if (bits <= 8)
                {
                    var bit = x * bits;
                    var index = (row[bit >> 3] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
                    file.Slice(14 + headerSize + 4 * index, 3).CopyTo(target);
                }
                else if (bits == 24)
                {
                    row.Slice(3 * x, 3).CopyTo(target);
                }
                else
                {
                    var pixel = bits == 16 ? BinaryPrimitives.ReadUInt16LittleEndian(row[(2 * x)..]) : BinaryPrimitives.ReadUInt32LittleEndian(row[(4 * x)..]);
                    target[2] = Channel(pixel, masks[0]);
                    target[1] = Channel(pixel, masks[1]);
                    target[0] = Channel(pixel, masks[2]);
                }
            }
        }
        return new MLImage(width, height, MLPixelFormat.Bgra32, pixels);
    }

    private static byte Channel(uint pixel, uint mask)
    {
        if (mask == 0)
            return 0;
        var shift = BitOperations.TrailingZeroCount(mask);
        return (byte)((ulong)((pixel & mask) >> shift) * 255 / (mask >> shift));
    }

    private static int Int(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadInt32LittleEndian(file[at..]);

    private static uint Mask(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file[at..]);
}

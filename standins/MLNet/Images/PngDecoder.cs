// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: PNG files of every colour type, bit depth and interlace.
using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.Data;

internal static class PngDecoder
{
    private const long LargestPixels = int.MaxValue / 4;

    // The seven passes of Adam7: first column, first row, step across, step down.
    private static readonly (int X, int Y, int Dx, int Dy)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private enum Color
    {
        Grey = 0,
        Rgb = 2,
        Palette = 3,
        GreyAlpha = 4,
        Rgba = 6,
    }

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    public static bool Recognizes(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    public static MLImage Decode(ReadOnlySpan<byte> file)
    {
        var header = default(Header);
        ReadOnlySpan<byte> palette = default, transparency = default;
        using var compressed = new MemoryStream();
        for (var chunks = file[Signature.Length..]; chunks.Length >= 12;)
        {
            var length = checked((int)BinaryPrimitives.ReadUInt32BigEndian(chunks));
            var type = chunks.Slice(4, 4);
            var data = chunks.Slice(8, length);
            if (type.SequenceEqual("IHDR"u8))
                header = Header.Read(data);
            else if (type.SequenceEqual("PLTE"u8))
                palette = data;
            else if (type.SequenceEqual("tRNS"u8))
                transparency = data;
            else if (type.SequenceEqual("IDAT"u8))
                compressed.Write(data);
            else if (type.SequenceEqual("IEND"u8))
                break;
            chunks = chunks[(12 + length)..];
        }
        if (header.Width == 0)
            throw new InvalidDataException("a PNG file without a header");
        if (header.Color == Color.Palette && palette.IsEmpty)
            throw new InvalidDataException("a PNG file without its palette");

        compressed.Position = 0;
        using var scanlines = new ZLibStream(compressed, CompressionMode.Decompress);
        var pixels = new byte[4 * header.Width * header.Height];
        if (!header.Interlaced)
        {
            DecodePass(scanlines, header, palette, transparency, pixels, (0, 0, 1, 1));
        }
        else
        {
            foreach (var pass in Passes)
                DecodePass(scanlines, header, palette, transparency, pixels, pass);
        }
        return new MLImage(header.Width, header.Height, MLPixelFormat.Bgra32, pixels);
    }

    private static void DecodePass(
        Stream scanlines, Header header, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency, byte[] pixels, (int X, int Y, int Dx, int Dy) pass)
    {
        var columns = (header.Width - pass.X + pass.Dx - 1) / pass.Dx;
        var rows = (header.Height - pass.Y + pass.Dy - 1) / pass.Dy;
        if (columns <= 0 || rows <= 0)
            return;
        var bytesPerPixel = Math.Max(1, header.Channels * header.Depth / 8);
        var bytesPerRow = (columns * header.Channels * header.Depth + 7) / 8;
        var current = new byte[bytesPerRow + 1];
        var above = new byte[bytesPerRow + 1];
        for (var row = 0; row < rows; row++)
        {
            scanlines.ReadExactly(current);
            Unfilter(current[0], current.AsSpan(1), above.AsSpan(1), bytesPerPixel);
            var y = pass.Y + row * pass.Dy;
            for (var column = 0; column < columns; column++)
            {
                var target = pixels.AsSpan(4 * (y * header.Width + pass.X + column * pass.Dx), 4);
                WritePixel(header, palette, transparency, current.AsSpan(1), column, target);
            }
            (current, above) = (above, current);
        }
    }

    private static void Unfilter(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (var i = distance; i < row.Length; i++)
                    row[i] += row[i - distance];
                break;
            case 2:
                for (var i = 0; i < row.Length; i++)
                    row[i] += above[i];
                break;
            case 3:
                for (var i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i >= distance ? row[i - distance] : 0) + above[i]) / 2);
                break;
            case 4:
                for (var i = 0; i < row.Length; i++)
                    row[i] += i >= distance ? Paeth(row[i - distance], above[i], above[i - distance]) : above[i];
                break;
            default:
                throw new InvalidDataException($"PNG filter {filter}");
        }
    }

    private static byte Paeth(int left, int up, int corner)
    {
        var estimate = left + up - corner;
        var (toLeft, toUp, toCorner) = (Math.Abs(estimate - left), Math.Abs(estimate - up), Math.Abs(estimate - corner));
        return (byte)(toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
    }

    private static void WritePixel(Header header, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency, ReadOnlySpan<byte> row, int column, Span<byte> target)
    {
        var first = column * header.Channels;
        int Transparent(int channel, ReadOnlySpan<byte> key) => BinaryPrimitives.ReadUInt16BigEndian(key[(2 * channel)..]);

        switch (header.Color)
        {
            case Color.Grey:
                var sample = Sample(row, first, header.Depth);
                var grey = ToByte(sample, header.Depth);
                Put(target, grey, grey, grey, transparency.Length >= 2 && sample == Transparent(0, transparency) ? (byte)0 : (byte)255);
                break;
            case Color.GreyAlpha:
                var light = ToByte(Sample(row, first, header.Depth), header.Depth);
                Put(target, light, light, light, ToByte(Sample(row, first + 1, header.Depth), header.Depth));
                break;
            case Color.Palette:
                var index = Sample(row, first, header.Depth);
                var entry = palette.Slice(3 * index, 3);
                Put(target, entry[0], entry[1], entry[2], index < transparency.Length ? transparency[index] : (byte)255);
                break;
            default:
                var (r, g, b) = (Sample(row, first, header.Depth), Sample(row, first + 1, header.Depth), Sample(row, first + 2, header.Depth));
                byte alpha = 255;
                if (header.Color == Color.Rgba)
                    alpha = ToByte(Sample(row, first + 3, header.Depth), header.Depth);
                else if (transparency.Length >= 6 && r == Transparent(0, transparency) && g == Transparent(1, transparency) && b == Transparent(2, transparency))
                    alpha = 0;
                Put(target, ToByte(r, header.Depth), ToByte(g, header.Depth), ToByte(b, header.Depth), alpha);
                break;
        }
    }

    private static int Sample(ReadOnlySpan<byte> row, int index, int depth)
    {
        if (depth == 8)
            return row[index];
        if (depth == 16)
            return BinaryPrimitives.ReadUInt16BigEndian(row[(2 * index)..]);
        var bit = index * depth;
        return (row[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }

    private static byte ToByte(int sample, int depth) => depth switch
    {
        8 => (byte)sample,
        16 => (byte)((sample * 255 + 32767) / 65535),
        _ => (byte)(sample * 255 / ((1 << depth) - 1)),
    };

    private static void Put(Span<byte> target, byte r, byte g, byte b, byte alpha)
    {
        target[0] = Premultiplied(b, alpha);
        target[1] = Premultiplied(g, alpha);
        target[2] = Premultiplied(r, alpha);
        target[3] = alpha;
    }

    private static byte Premultiplied(byte value, byte alpha) => alpha == 255 ? value : (byte)((value * alpha + 127) / 255);

    private readonly record struct Header(int Width, int Height, int Depth, Color Color, bool Interlaced)
    {
        public int Channels => Color switch
        {
            Color.Grey or Color.Palette => 1,
            Color.GreyAlpha => 2,
            Color.Rgb => 3,
            _ => 4,
        };

        public static Header Read(ReadOnlySpan<byte> data)
        {
            var width = BinaryPrimitives.ReadInt32BigEndian(data);
            var height = BinaryPrimitives.ReadInt32BigEndian(data[4..]);
            var header = new Header(width, height, data[8], (Color)data[9], data[12] == 1);
            var depthFits = header.Color switch
            {
                Color.Grey => header.Depth is 1 or 2 or 4 or 8 or 16,
                Color.Palette => header.Depth is 1 or 2 or 4 or 8,
                Color.Rgb or Color.GreyAlpha or Color.Rgba => header.Depth is 8 or 16,
                _ => false,
            };
            if (width <= 0 || height <= 0 || (long)width * height > LargestPixels || !depthFits || data[12] > 1)
                throw new InvalidDataException($"a PNG header of {width}×{height}, colour type {data[9]} and {data[8]} bits");
            return header;
        }
    }
}

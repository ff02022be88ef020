using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Writes PNG files of any colour type, depth, filter and interlace, from a function that gives a pixel's samples.</summary>
internal sealed record TestPng(int Width, int Height, int Depth, int ColorType, Func<int, int, int[]> Samples)
{
    private static readonly (int X, int Y, int Dx, int Dy)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public bool Interlaced { get; init; }

    public byte[]? Palette { get; init; }

    public byte[]? Transparency { get; init; }

    public int Filter { get; init; }

    private int Channels => ColorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    public static TestPng Grey(int width, int height, Func<int, int, int> value) => new(width, height, 8, 0, (x, y) => [value(x, y)]);

    public static TestPng Rgb(int width, int height, Func<int, int, (int R, int G, int B)> color) => new(width, height, 8, 2, (x, y) => [color(x, y).R, color(x, y).G, color(x, y).B]);

    public byte[] Encode()
    {
        using var raw = new MemoryStream();
        if (Interlaced)
        {
            foreach (var pass in Adam7)
                WritePass(raw, pass);
        }
        else
        {
            WritePass(raw, (0, 0, 1, 1));
        }
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(raw.ToArray());

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        header[8] = (byte)Depth;
        header[9] = (byte)ColorType;
        header[12] = Interlaced ? (byte)1 : (byte)0;
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        WriteChunk(file, "IHDR"u8, header);
        if (Palette != null)
            WriteChunk(file, "PLTE"u8, Palette);
        if (Transparency != null)
            WriteChunk(file, "tRNS"u8, Transparency);
        WriteChunk(file, "IDAT"u8, compressed.ToArray());
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, byte[] data)
    {
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc([.. type, .. data]));
        file.Write(number);
    }

    private static uint Crc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }
        return ~crc;
    }

    private void WritePass(Stream raw, (int X, int Y, int Dx, int Dy) pass)
    {
        var columns = (Width - pass.X + pass.Dx - 1) / pass.Dx;
        var previous = Array.Empty<byte>();
        for (var y = pass.Y; y < Height && columns > 0; y += pass.Dy)
        {
            var row = new byte[(columns * Channels * Depth + 7) / 8];
            var bit = 0;
            for (var x = pass.X; x < Width; x += pass.Dx)
            {
                foreach (var sample in Samples(x, y))
                {
                    for (var i = Depth - 1; i >= 0; i--, bit++)
                        row[bit / 8] |= (byte)(((sample >> i) & 1) << (7 - bit % 8));
                }
            }
            if (previous.Length == 0)
                previous = new byte[row.Length];
            raw.WriteByte((byte)Filter);
            raw.Write(Filtered(row, previous));
            previous = row;
        }
    }

    private byte[] Filtered(byte[] row, byte[] above)
    {
        var distance = Math.Max(1, Channels * Depth / 8);
        var result = new byte[row.Length];
        for (var i = 0; i < row.Length; i++)
        {
            int left = i >= distance ? row[i - distance] : 0, corner = i >= distance ? above[i - distance] : 0, up = above[i];
            var guess = left + up - corner;
            var paeth = Math.Abs(guess - left) <= Math.Abs(guess - up) && Math.Abs(guess - left) <= Math.Abs(guess - corner) ? left
                : Math.Abs(guess - up) <= Math.Abs(guess - corner) ? up : corner;
            result[i] = (byte)(row[i] - Filter switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => paeth, _ => 0 });
        }
        return result;
    }
}

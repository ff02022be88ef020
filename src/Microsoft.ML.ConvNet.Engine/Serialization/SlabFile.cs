using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Microsoft.ML.ConvNet.Serialization;

/// <summary>
/// The container of model files and checkpoints: a magic word, the format version, a JSON header, a slab of
/// little-endian floats on a multiple of 64 bytes, and a SHA-256 of all that.
/// </summary>
/// <remarks>
/// <code>
/// offset  bytes  content
/// 0       8      "ConvNet" and a zero
/// 8       4      format version
/// 12      4      length of the header
/// 16      8      number of floats
/// 24      …      header, UTF-8 JSON, then zeros up to a multiple of 64
/// …       4·n    floats
/// …       32     SHA-256 of everything before
/// </code>
/// Nothing is believed before the checksum is right, and nothing is allocated on the word of the file alone.
/// </remarks>
internal static class SlabFile
{
    private const int Version = 1;
    private const int PrefixLength = 24;
    private const int MaxHeaderLength = 1 << 28;

    private static ReadOnlySpan<byte> Magic => "ConvNet\0"u8;

    /// <summary>How headers are written: names in camel case, nothing that the type does not know.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    public static void Write<THeader>(Stream stream, THeader header, params IReadOnlyList<float[]> slabs)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Model files are little-endian; this machine is not.");
        var json = JsonSerializer.SerializeToUtf8Bytes(header, Json);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        Span<byte> prefix = stackalloc byte[PrefixLength];
        Magic.CopyTo(prefix);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[12..], json.Length);
        BinaryPrimitives.WriteInt64LittleEndian(prefix[16..], slabs.Sum(s => s.LongLength));
        Put(prefix);
        Put(json);
        Put(new byte[Padding(json.Length)]);
        foreach (var slab in slabs)
            Put(MemoryMarshal.AsBytes(slab.AsSpan()));
        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
    }

    /// <exception cref="ModelFileException">The file is not of this kind, damaged, or newer than this library.</exception>
    public static (THeader Header, float[] Slab) Read<THeader>(Stream stream, string name)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var prefix = Take(PrefixLength);
        if (!prefix.AsSpan(0, 8).SequenceEqual(Magic))
            throw new ModelFileException($"{name} is not a ConvNet model: it starts with '{Printable(prefix.AsSpan(0, 8))}', not with 'ConvNet'.");
        var version = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(8));
        if (version > Version)
            throw new ModelFileException($"{name} has format version {version}; this library reads up to {Version}. Use a newer version of Microsoft.ML.ConvNet.");
        var headerLength = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(12));
        var floats = BinaryPrimitives.ReadInt64LittleEndian(prefix.AsSpan(16));
        if (version < 1 || headerLength is < 2 or > MaxHeaderLength || floats is < 0 or > int.MaxValue)
            throw new ModelFileException($"{name} is damaged: version {version}, a header of {headerLength} bytes and {floats} numbers make no sense.");

        var json = Take(headerLength);
        Take(Padding(headerLength));
        var slab = Take(floats * sizeof(float));
        var expected = hash.GetHashAndReset();
        if (!Take(expected.Length).AsSpan().SequenceEqual(expected))
            throw new ModelFileException($"{name} is damaged: its checksum is wrong.");
        try
        {
            var header = JsonSerializer.Deserialize<THeader>(json, Json)
                ?? throw new ModelFileException($"{name} has an empty header.");
            return (header, MemoryMarshal.Cast<byte, float>(slab).ToArray());
        }
        catch (JsonException error)
        {
            throw new ModelFileException($"{name} has a header that this library cannot read: {error.Message}", error);
        }

        // Memory grows with what is really there, so that a wrong length cannot ask for more than the file holds.
        byte[] Take(long count)
        {
            var bytes = new byte[Math.Min(count, 1 << 20)];
            for (var filled = 0L; filled < count;)
            {
                if (filled == bytes.Length)
                    Array.Resize(ref bytes, (int)Math.Min(Array.MaxLength, Math.Min(count, 2L * bytes.Length)));
                var read = stream.Read(bytes, (int)filled, (int)(bytes.Length - filled));
                if (read == 0)
                    throw new ModelFileException($"{name} is truncated: {count - filled} bytes are missing.");
                filled += read;
            }

            hash.AppendData(bytes);
            return bytes;
        }
    }

    private static int Padding(int headerLength) => -(PrefixLength + headerLength) & 63;

    private static string Printable(ReadOnlySpan<byte> bytes)
        => new([.. Encoding.Latin1.GetString(bytes).Select(c => char.IsAsciiLetterOrDigit(c) || char.IsPunctuation(c) ? c : '·')]);
}

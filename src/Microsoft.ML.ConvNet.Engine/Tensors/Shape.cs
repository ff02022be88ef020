using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// The extents of one sample or one parameter, for example 3×32×32 for a colour image in the order
/// channels×height×width. The batch is not part of a shape.
/// </summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
[JsonConverter(typeof(ShapeJsonConverter))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    private readonly int[]? _extents;

    /// <summary>Makes a shape of the given extents; none at all is a single number.</summary>
    /// <exception cref="ShapeException">An extent is below one, or the product exceeds 2³¹−1 elements.</exception>
    public Shape(params ReadOnlySpan<int> extents)
    {
        long length = 1;
        foreach (var extent in extents)
        {
            if (extent < 1)
                throw new ShapeException($"A shape needs extents of at least 1; received {Join(extents)}.");
            if ((length *= extent) > int.MaxValue)
                throw new ShapeException($"A shape may hold at most {int.MaxValue} elements; received {Join(extents)}.");
        }

        _extents = extents.ToArray();
    }

    /// <summary>Makes a shape from a collection expression such as <c>[3, 32, 32]</c>.</summary>
    public static Shape Create(ReadOnlySpan<int> extents) => new(extents);

    /// <summary>The number of axes.</summary>
    public int Rank => Extents.Length;

    /// <summary>The number of elements: the product of the extents.</summary>
    public int Length
    {
        get
        {
            var length = 1;
            foreach (var extent in Extents)
                length *= extent;
            return length;
        }
    }

    /// <summary>The extent of one axis.</summary>
    public int this[int axis] => Extents[axis];

    /// <summary>The extent of one axis; <c>shape[^1]</c> is the last.</summary>
    public int this[Index axis] => Extents[axis];

    /// <summary>Channels: the first extent, 1 for a single number.</summary>
    public int C => Rank == 0 ? 1 : Extents[0];

    /// <summary>Height: the last extent but one, 1 below two spatial axes.</summary>
    public int H => Rank < 3 ? 1 : Extents[Rank - 2];

    /// <summary>Width: the last extent, 1 without a spatial axis.</summary>
    public int W => Rank < 2 ? 1 : Extents[Rank - 1];

    /// <summary>Depth of a C×D×H×W shape, otherwise 1.</summary>
    public int D => Rank < 4 ? 1 : Extents[Rank - 3];

    /// <summary>Elements of one channel: the product of all extents but the first.</summary>
    public int Plane => Length / C;

    /// <summary>The extents as a span.</summary>
    public ReadOnlySpan<int> AsSpan() => Extents;

    /// <summary>The same shape with another number of channels.</summary>
    public Shape WithChannels(int channels)
    {
        var extents = Rank == 0 ? [1] : AsSpan().ToArray();
        extents[0] = channels;
        return new(extents);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var extent in Extents)
            hash.Add(extent);
        return hash.ToHashCode();
    }

    /// <summary>Whether two shapes have the same extents.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The extents with × between them; "scalar" for a single number.</summary>
    public override string ToString() => Rank == 0 ? "scalar" : Join(Extents);

    int IReadOnlyCollection<int>.Count => Rank;

    IEnumerator<int> IEnumerable<int>.GetEnumerator() => ((IEnumerable<int>)Extents).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Extents.GetEnumerator();

    private int[] Extents => _extents ?? [];

    private static string Join(ReadOnlySpan<int> extents)
        => string.Join('×', extents.ToArray().Select(e => e.ToString(CultureInfo.InvariantCulture)));

    private sealed class ShapeJsonConverter : JsonConverter<Shape>
    {
        public override Shape Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return new(JsonSerializer.Deserialize<int[]>(ref reader, options) ?? throw new JsonException("A shape is an array of extents, not null."));
            }
            catch (ShapeException error)
            {
                throw new JsonException(error.Message, error);
            }
        }

        public override void Write(Utf8JsonWriter writer, Shape value, JsonSerializerOptions options)
            => JsonSerializer.Serialize(writer, value.Extents, options);
    }
}

using System.Text.Json.Serialization;

namespace Microsoft.ML.ConvNet;

/// <summary>What stands outside an image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PaddingMode>))]
public enum PaddingMode
{
    /// <summary>Zeros: 0 0 | a b c | 0 0.</summary>
    Zeros,

    /// <summary>The outermost element again and again: a a | a b c | c c.</summary>
    Replicate,

    /// <summary>The image mirrored at its outermost element, which is not repeated: c b | a b c | b a.</summary>
    Reflect,

    /// <summary>The image again, as if it were bent round to a ring: b c | a b c | a b.</summary>
    Circular,
}

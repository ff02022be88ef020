using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Numbers 0…1 from bytes: b·(1/255). Input: a sample's bytes as they lie in memory, four to a float, in ⌈length/4⌉ floats; a network's input
/// takes a quarter of the memory like that until this op is run. Output: the shape of the pixels.
/// </summary>
/// <remarks>No arithmetic and no rounding may touch the input, which is why it goes from its place right into this op.</remarks>
[Op("Pixels")]
public sealed record PixelsOp : Op
{
    /// <summary>What a byte is multiplied by.</summary>
    public const float Scale = 1f / 255;

    /// <summary>The shape of one sample's pixels.</summary>
    public required Shape Shape { get; init; }

    /// <summary>The shape of the floats that hold one sample's bytes.</summary>
    public static Shape PackedShape(Shape pixels) => [(pixels.Length + sizeof(float) - 1) / sizeof(float)];

    /// <summary>The numbers that bytes stand for.</summary>
    /// <param name="pixels">The bytes.</param>
    /// <param name="values">Room for as many numbers.</param>
    public static void Unpack(ReadOnlySpan<byte> pixels, Span<float> values)
    {
        for (var i = 0; i < pixels.Length; i++)
            values[i] = pixels[i] * Scale;
    }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.Expect(0, new TensorType(PackedShape(Shape), Batched: true), "packed bytes");
        return new TensorType(Shape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var packed = new float[PackedShape(Shape).Length];
        var bytes = MemoryMarshal.AsBytes<float>(packed);
        for (var sample = 0; sample < call.Batch; sample++)
        {
            for (var i = 0; i < packed.Length; i++)
                packed[i] = float.CreateTruncating(call.Input(0)[(sample * packed.Length) + i]);
            for (var i = 0; i < Shape.Length; i++)
                call.Output[(sample * Shape.Length) + i] = T.CreateChecked(bytes[i]) * T.CreateChecked(Scale);
        }
    }
}

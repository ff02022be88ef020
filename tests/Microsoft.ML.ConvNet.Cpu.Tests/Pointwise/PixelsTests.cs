using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu.Pointwise;

/// <summary>Bytes become the same numbers, bit by bit, in every layout.</summary>
public class PixelsTests
{
    [Theory]
    [InlineData(LayoutKind.Plain)]
    [InlineData(LayoutKind.ChannelLanes)]
    [InlineData(LayoutKind.BatchLanes)]
    public void Every_byte_is_the_same_number_at_every_place_of_a_float(LayoutKind kind)
    {
        // 16 channels of 67 places: whole vectors and a rest. Some of the floats that hold the bytes are no numbers.
        const int Batch = 19;
        var type = new TensorType([16, 67], true);
        var bytes = new byte[Batch * type.Shape.Length];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((i / 4) + (65 * (i % 4)));
        var expected = new float[bytes.Length];
        PixelsOp.Unpack(bytes, expected);

        using var backend = new CpuBackend(threads: 3);
        var packed = new TensorType(PixelsOp.PackedShape(type.Shape), true);
        var output = type with { Layout = kind == LayoutKind.Plain ? Layout.Plain : new Layout(kind, VectorWidth.Floats) };
        using var source = backend.Allocate(packed.Length(Batch));
        using var target = backend.Allocate(output.Length(Batch));
        source.Write(0, MemoryMarshal.Cast<byte, float>(bytes));
        target.Write(0, [.. Enumerable.Repeat(float.NaN, (int)target.Length)]);
        backend.Find(new OpSignature(new PixelsOp { Shape = type.Shape }, [packed], output, Batch))!.Run(new KernelCall
        {
            Inputs = [new TensorView(source, 0, packed)],
            Output = new TensorView(target, 0, output),
            Batch = Batch,
        });

        var values = new float[target.Length];
        target.Read(0, values);
        Assert.Equal(expected, LaidOut.ToPlain(values, output, Batch));
        Assert.DoesNotContain(float.NaN, values);
    }

    [Fact]
    public void Images_train_as_bytes_as_they_do_as_floats()
    {
        using var backend = new CpuBackend(threads: 2);
        PixelTraining.Check(backend);
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Steps that only move numbers: at the memory's speed.</summary>
internal static unsafe class MoveKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool) => signature.Op switch
    {
        FillOp op => new FunctionKernel("fill", call => Pointwise.Fill(pool, call.Output(), call.Count(), op.Value)),
        ConstantOp op => new FunctionKernel("constant", call => op.Values.ToArray().CopyTo(new Span<float>(call.Output(), op.Values.Count))),
        OneHotOp op => new FunctionKernel("one-hot", call => OneHot(call, op.Classes)),
        CopyOp or ReshapeOp => new FunctionKernel("copy", call => Pointwise.Map(pool, call.Input(0), call.Output(), call.Count(), default(Identity))),
        ConcatOp op => new FunctionKernel("concat", call => Concat(op, call)),
        SliceOp op => new FunctionKernel("slice", call => Copy(call, 0, op.Start, 0, op.Axis, op.Length)),
        PermuteOp op => Permute(op, signature.Inputs[0].Shape, pool),
        EmbeddingOp => new FunctionKernel("embedding", call => Embed(call, signature.Inputs[1].Shape)),
        EmbeddingGradientOp op => new FunctionKernel("embedding gradient", call => EmbedBack(call, op.Shape)),
        _ => null,
    };

    /// <summary>Each sample by a table of where its elements come from, made once.</summary>
    private static FunctionKernel Permute(PermuteOp op, Shape shape, WorkerPool pool)
    {
        var sources = op.Sources(shape);
        return new FunctionKernel("permute", call =>
        {
            var (x, y, samples) = ((nint)call.Input(0), (nint)call.Output(), call.Count() / sources.Length);
            pool.Run((int)samples, sample =>
            {
                float* source = (float*)x + ((nint)sample * sources.Length), target = (float*)y + ((nint)sample * sources.Length);
                for (var i = 0; i < sources.Length; i++)
                    target[i] = source[sources[i]];
            });
        });
    }

    private static void OneHot(KernelCall call, int classes)
    {
        var plane = call.Output.Type.Shape.Plane;
        new Span<float>(call.Output(), checked((int)call.Count())).Clear();
        for (nint i = 0; i < call.Inputs[0].Type.Length(call.Batch); i++)
        {
            var index = call.Input(0)[i];
            if (index >= 0 && index < classes && index == MathF.Floor(index))
                call.Output()[(((i / plane * classes) + (nint)index) * plane) + (i % plane)] = 1;
        }
    }

    private static void Embed(KernelCall call, Shape table)
    {
        var rows = new ReadOnlySpan<float>(call.Input(1), table.Length);
        var width = table[1];
        for (var i = 0; i < call.Count() / width; i++)
            rows.Slice(Row(call.Input(0)[i], table) * width, width).CopyTo(new Span<float>(call.Output() + ((nint)i * width), width));
    }

    private static void EmbedBack(KernelCall call, Shape table)
    {
        var width = table[1];
        new Span<float>(call.Output(), table.Length).Clear();
        for (var i = 0; i < call.Inputs[0].Type.Length(call.Batch); i++)
        {
            var row = call.Output() + ((nint)Row(call.Input(0)[i], table) * width);
            Pointwise.Map(row, call.Input(1) + ((nint)i * width), row, width, default(Add));
        }
    }

    private static int Row(float index, Shape table)
        => index >= 0 && index < table[0]
            ? (int)index
            : throw new ArgumentOutOfRangeException(nameof(index), index, $"The embedding has rows 0…{table[0] - 1}.");

    private static void Concat(ConcatOp op, KernelCall call)
    {
        var start = 0;
        for (var input = 0; input < call.Inputs.Length; input++)
        {
            var length = call.Inputs[input].Type.Shape[op.Axis];
            Copy(call, input, 0, start, op.Axis, length);
            start += length;
        }
    }

    private static void Copy(KernelCall call, int input, int sourceStart, int targetStart, int axis, int length)
    {
        var type = call.Inputs[input].Type;
        AxisCopy.Run(
            new ReadOnlySpan<float>(call.Input(input), checked((int)type.Length(call.Batch))), type.Shape, sourceStart,
            new Span<float>(call.Output(), checked((int)call.Count())), call.Output.Type.Shape, targetStart, axis, length);
    }
}

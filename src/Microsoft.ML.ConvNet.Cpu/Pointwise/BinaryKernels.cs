using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Functions of two operands as steps. Idea: whichever way the smaller operand is repeated, it is one of four loops: element
/// by element, a number for each plane, a number for all, or the same sample again and again; what is left goes by a table of
/// indices, made once. Lanes: elements.
/// </summary>
internal static unsafe class BinaryKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool) => signature.Op switch
    {
        AddOp => Find(signature, pool, default(Add)),
        SubtractOp => Find(signature, pool, default(Subtract)),
        MultiplyOp => Find(signature, pool, default(Multiply)),
        DivideOp => Find(signature, pool, default(Divide)),
        MaximumOp => Find(signature, pool, default(Maximum)),
        MinimumOp => Find(signature, pool, default(Minimum)),
        NotLessOp => Find(signature, pool, default(NotLess)),
        _ => null,
    };

    private static FunctionKernel? Find<F>(OpSignature signature, WorkerPool pool, F function)
        where F : struct, IBinaryFunction
        => !signature.IsPlain && (signature.Inputs[0] != signature.Output || signature.Inputs[1] != signature.Output)
            ? null
            : signature.Inputs[0] == signature.Output
            ? Repeat(signature, pool, function, large: 0, small: 1)
            : signature.Inputs[1] == signature.Output
                ? Repeat(signature, pool, new Swapped<F>(function), large: 1, small: 0)
                : ByTable(signature);

    private static FunctionKernel Repeat<F>(OpSignature signature, WorkerPool pool, F function, int large, int small)
        where F : struct, IBinaryFunction
    {
        var (type, other) = (signature.Inputs[large], signature.Inputs[small]);
        if (other == type)
        {
            return new("pointwise", call =>
                Pointwise.Map(pool, call.Input(large), call.Input(small), call.Output(), call.Count(), function));
        }

        if (other.Shape.Length == 1 && !other.Batched)
        {
            return new("pointwise, one number", call => ChannelPointwise.Map(
                pool, call.Input(large), call.Input(small), call.Output(), new ChannelShape(1, 1, call.Count()), function));
        }

        if (other.Shape == type.Shape)
        {
            return new("pointwise, same sample", call => ChannelPointwise.Map(
                pool, call.Input(large), call.Input(small), call.Output(), new ChannelShape(call.Batch, type.Shape.Length, 1), function));
        }

        if (other.Shape.Length == type.Shape.C && other.Shape.C == type.Shape.C)
        {
            return new("pointwise by channel", call => ChannelPointwise.Map(
                pool, call.Input(large), call.Input(small), call.Output(),
                other.Batched
                    ? new ChannelShape(1, call.Batch * type.Shape.C, type.Shape.Plane)
                    : call.Channels(type),
                function));
        }

        return ByTable(signature);
    }

    private static FunctionKernel ByTable(OpSignature signature)
    {
        var op = (BinaryOp)signature.Op;
        var (a, b, shape) = (signature.Inputs[0], signature.Inputs[1], signature.Output.Shape);
        var (aTable, bTable) = (Broadcasting.Map(a.Shape, shape), Broadcasting.Map(b.Shape, shape));
        return new("pointwise by table", call =>
        {
            var y = call.Output();
            for (var sample = 0; sample < call.Count() / shape.Length; sample++)
            {
                var aSample = call.Input(0) + (a.Batched ? (nint)sample * a.Shape.Length : 0);
                var bSample = call.Input(1) + (b.Batched ? (nint)sample * b.Shape.Length : 0);
                for (var i = 0; i < shape.Length; i++)
                    *y++ = op.Apply(aSample[aTable[i]], bSample[bTable[i]]);
            }
        });
    }

    /// <summary>f(b, a).</summary>
    private readonly struct Swapped<F>(F function) : IBinaryFunction
        where F : struct, IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply<S, V>(V a, V b)
            where S : struct, ISimd<V>
            where V : struct => function.Apply<S, V>(b, a);
    }
}

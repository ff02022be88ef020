using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Ops that move elements. Idea: one thread an element, and a map from its index to where the element lies (<see cref="Strided"/>);
/// neighbouring threads write neighbouring memory, or read it where tensors are joined.
/// </summary>
public static class MoveKernels
{
    private static readonly Action<Index1D, ArrayView<float>, float> _fill = Fill;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>> _copy = Copy;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, Strided, SpecializedValue<int>> _gather = Gather;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, Strided, SpecializedValue<int>> _scatter = Scatter;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, Divisor, Divisor> _oneHot = OneHot;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, Divisor, int> _pixels = Pixels;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        switch (signature.Op)
        {
            case FillOp op:
                return kernels.Step("fill", FillOf(kernels, op.Value));

            case CopyOp or ReshapeOp:
                return kernels.Step("copy", CopyOf(kernels));

            case ConstantOp op:
                var (constant, values) = (kernels.Each(_copy), kernels.Table<float>([.. op.Values]));
                return kernels.Step("constant", call => constant(call.Count(), values, call.Output()));

            case OneHotOp op:
                var oneHot = kernels.Each(_oneHot);
                var plane = signature.Output.Shape.Plane;
                return kernels.Step("one-hot", call => oneHot(call.Count(), call.Input(0), call.Output(), op.Classes, plane));

            case PixelsOp:
                var (pixels, length, room) = (kernels.Each(_pixels), (Divisor)signature.Output.Shape.Length, signature.Inputs[0].Shape.Length);
                return kernels.Step("bytes", call => pixels(call.Count(), call.Input(0), call.Output(), length, room));

            case ConcatOp op:
                return FindConcat(op, signature, kernels);

            default:
                return Places(signature) is { } places ? kernels.Step("move", GatherOf(kernels, places)) : null;
        }
    }

    /// <summary>y = a number.</summary>
    internal static Action<KernelCall> FillOf(KernelCache kernels, float value)
    {
        var fill = kernels.Each(_fill);
        return call => fill(call.Count(), call.Output(), value);
    }

    /// <summary>y = x.</summary>
    internal static Action<KernelCall> CopyOf(KernelCache kernels)
    {
        var copy = kernels.Each(_copy);
        return call => copy(call.Count(), call.Input(0), call.Output());
    }

    /// <summary>All elements become one number.</summary>
    public static void Fill(Index1D i, ArrayView<float> y, float value) => y[i] = value;

    /// <summary>The same elements.</summary>
    public static void Copy(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i];

    /// <summary>Each element of the output from its place in the input.</summary>
    public static void Gather(Index1D i, ArrayView<float> x, ArrayView<float> y, Strided places, SpecializedValue<int> axes) => y[i] = x[places.Of(i, axes.Value)];

    /// <summary>Each element of the input to its place in the output.</summary>
    public static void Scatter(Index1D i, ArrayView<float> x, ArrayView<float> y, Strided places, SpecializedValue<int> axes) => y[places.Of(i, axes.Value)] = x[i];

    /// <summary>A byte as a number 0…1, out of four in a float; a sample takes so many floats.</summary>
    public static void Pixels(Index1D i, ArrayView<float> packed, ArrayView<float> y, Divisor length, int floats)
    {
        var sample = i / length;
        var place = i - (sample * length);
        var word = Interop.FloatAsInt(packed[(sample * floats) + (place >> 2)]);
        y[i] = (int)((word >> ((place & 3) * 8)) & 255) * PixelsOp.Scale;
    }

    /// <summary>1 at the channel that an index names, else 0.</summary>
    public static void OneHot(Index1D i, ArrayView<float> indices, ArrayView<float> y, Divisor classes, Divisor plane)
    {
        var row = i / plane;
        var sample = row / classes;
        y[i] = indices[(sample * plane) + i - (row * plane)] == row - (sample * classes) ? 1f : 0f;
    }

    private static Action<KernelCall> GatherOf(KernelCache kernels, Strided places)
    {
        var gather = kernels.Each(_gather);
        return call => gather(call.Count(), call.Input(0), call.Output(), places, SpecializedValue.New(places.Axes));
    }

    private static Kernel? FindConcat(ConcatOp op, OpSignature signature, KernelCache kernels)
    {
        var steps = Strided.Steps(signature.Output.Shape);
        var (places, start) = (new List<Strided>(), 0);
        foreach (var input in signature.Inputs)
        {
            if (Strided.Of(Axes(input, steps, signature.Output.Shape.Length), start * steps[op.Axis]) is not { } map)
                return null;
            places.Add(map);
            start += input.Shape[op.Axis];
        }

        var scatter = kernels.Each(_scatter);
        return kernels.Step("join", call =>
        {
            for (var input = 0; input < places.Count; input++)
                scatter((int)call.Inputs[input].Type.Length(call.Batch), call.Input(input), call.Output(), places[input], SpecializedValue.New(places[input].Axes));
        });
    }

    /// <summary>For each element of the output of a slice or a permutation where it lies in the input.</summary>
    private static Strided? Places(OpSignature signature)
    {
        var x = signature.Inputs[0].Shape;
        var steps = Strided.Steps(x);
        return signature.Op switch
        {
            SliceOp slice => Strided.Of(Axes(signature.Output, steps, x.Length), slice.Start * steps[slice.Axis]),
            PermuteOp permute => Strided.Of(Axes(signature.Output, [.. Order(permute).Select(axis => steps[axis])], x.Length)),
            _ => null,
        };
    }

    private static IEnumerable<int> Order(PermuteOp op) => op.Order.Split(',').Select(axis => int.Parse(axis, System.Globalization.CultureInfo.InvariantCulture));

    private static IEnumerable<(int, int)> Axes(TensorType type, int[] steps, int sample)
        => [.. type.Batched ? new[] { (int.MaxValue, sample) } : [], .. type.Shape.Index().Select(e => (e.Item, steps[e.Index]))];
}

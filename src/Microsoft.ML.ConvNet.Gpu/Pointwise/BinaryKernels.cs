using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Functions of two numbers. Idea: one thread an element; where the shapes are equal all three indices are the thread's, and it takes four neighbours where the elements are whole quads, otherwise each
/// operand has a map of its own (<see cref="Strided"/>).
/// </summary>
public static class BinaryKernels
{
    private const int Add = 0, Subtract = 1, Multiply = 2, Divide = 3, Maximum = 4, Minimum = 5, NotLess = 6;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, SpecializedValue<int>> _map = Map;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, Strided, Strided, SpecializedValue<int>, SpecializedValue<int>> _repeat = Repeat;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var function = signature.Op switch
        {
            AddOp => Add,
            SubtractOp => Subtract,
            MultiplyOp => Multiply,
            DivideOp => Divide,
            MaximumOp => Maximum,
            MinimumOp => Minimum,
            NotLessOp => NotLess,
            _ => -1,
        };
        if (function < 0)
            return null;
        if (signature.Inputs.All(i => i == signature.Output))
        {
            var map = kernels.Each(_map);
            return kernels.Step("pointwise", call => map(call.CountOfThreads(), call.Input(0), call.Input(1), call.Output(), call.Quads(), SpecializedValue.New(function)));
        }

        if (Strided.Repeat(signature.Inputs[0], signature.Output) is not { } a || Strided.Repeat(signature.Inputs[1], signature.Output) is not { } b)
            return null;
        var repeat = kernels.Each(_repeat);
        return kernels.Step("pointwise, repeated", call => repeat(call.Count(), call.Input(0), call.Input(1), call.Output(), a, b, SpecializedValue.New(Math.Max(a.Axes, b.Axes)), SpecializedValue.New(function)));
    }

    /// <summary>y = f(a, b), all of one shape.</summary>
    public static void Map(Index1D i, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int quads, SpecializedValue<int> function)
    {
        if (quads == 0)
        {
            y[i] = Apply(function.Value, a[i], b[i]);
            return;
        }

        var (left, right) = (a.Quad(i), b.Quad(i));
        y.Quad(i) = new Float4
        {
            X = Apply(function.Value, left.X, right.X),
            Y = Apply(function.Value, left.Y, right.Y),
            Z = Apply(function.Value, left.Z, right.Z),
            W = Apply(function.Value, left.W, right.W),
        };
    }

    /// <summary>y = f(a, b), the smaller operand repeated.</summary>
    public static void Repeat(
        Index1D i, ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, Strided aPlaces, Strided bPlaces, SpecializedValue<int> axes,
        SpecializedValue<int> function)
        => y[i] = Apply(function.Value, a[aPlaces.Of(i, axes.Value)], b[bPlaces.Of(i, axes.Value)]);

    // Where either is NaN the larger and the smaller are NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Apply(int function, float a, float b) => function switch
    {
        Add => a + b,
        Subtract => a - b,
        Multiply => a * b,
        Divide => a / b,
        Maximum => a > b || XMath.IsNaN(a) ? a : b,
        Minimum => a < b || XMath.IsNaN(a) ? a : b,
        _ => a >= b ? 1f : 0f,
    };
}

using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Functions of one number and their gradients. Idea: one thread an element, or four neighbours where the elements are whole quads; the function is a constant of the compiled kernel.</summary>
public static class UnaryKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, UnaryConstants, int, SpecializedValue<int>> _map = Map;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, UnaryConstants, int, SpecializedValue<int>> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        if (UnaryFunctions.Find(signature.Op) is not var (function, a, b))
            return null;
        var map = kernels.Each(_map);
        var constants = new UnaryConstants { A = a, B = b };
        return kernels.Step("pointwise", call => map(call.CountOfThreads(), call.Input(0), call.Output(), constants, call.Quads(), SpecializedValue.New(function)));
    }

    internal static Kernel? FindGradient(OpSignature signature, KernelCache kernels)
    {
        if (UnaryFunctions.Find(((UnaryGradientOp)signature.Op).Function) is not var (function, a, b))
            return null;
        var gradient = kernels.Each(_gradient);
        var constants = new UnaryConstants { A = a, B = b };
        return kernels.Step("pointwise", call => gradient(
            call.CountOfThreads(), call.Input(0), call.Input(1), call.Output(), constants, call.Quads(), SpecializedValue.New(function)));
    }

    /// <summary>y = f(x).</summary>
    public static void Map(Index1D i, ArrayView<float> x, ArrayView<float> y, UnaryConstants constants, int quads, SpecializedValue<int> function)
    {
        if (quads == 0)
        {
            y[i] = UnaryFunctions.Apply(function.Value, x[i], constants.A, constants.B);
            return;
        }

        var values = x.Quad(i);
        y.Quad(i) = new Float4
        {
            X = UnaryFunctions.Apply(function.Value, values.X, constants.A, constants.B),
            Y = UnaryFunctions.Apply(function.Value, values.Y, constants.A, constants.B),
            Z = UnaryFunctions.Apply(function.Value, values.Z, constants.A, constants.B),
            W = UnaryFunctions.Apply(function.Value, values.W, constants.A, constants.B),
        };
    }

    /// <summary>dX = f′(value)·dY.</summary>
    public static void Gradient(
        Index1D i, ArrayView<float> value, ArrayView<float> dY, ArrayView<float> dX, UnaryConstants constants, int quads, SpecializedValue<int> function)
    {
        if (quads == 0)
        {
            dX[i] = UnaryFunctions.Derivative(function.Value, value[i], constants.A, constants.B) * dY[i];
            return;
        }

        var (values, gradients) = (value.Quad(i), dY.Quad(i));
        dX.Quad(i) = new Float4
        {
            X = UnaryFunctions.Derivative(function.Value, values.X, constants.A, constants.B) * gradients.X,
            Y = UnaryFunctions.Derivative(function.Value, values.Y, constants.A, constants.B) * gradients.Y,
            Z = UnaryFunctions.Derivative(function.Value, values.Z, constants.A, constants.B) * gradients.Z,
            W = UnaryFunctions.Derivative(function.Value, values.W, constants.A, constants.B) * gradients.W,
        };
    }
}

/// <summary>The constants of a function.</summary>
public struct UnaryConstants
{
    /// <summary>What they mean depends on the function.</summary>
    public float A, B;
}

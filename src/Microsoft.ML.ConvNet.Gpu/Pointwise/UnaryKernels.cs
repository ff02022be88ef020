using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>Functions of one number and their gradients. Idea: one thread an element; the function is a constant of the compiled kernel.</summary>
public static class UnaryKernels
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, float, float, SpecializedValue<int>> _map = Map;

    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, UnaryConstants, SpecializedValue<int>> _gradient = Gradient;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        if (UnaryFunctions.Find(signature.Op) is not var (function, a, b))
            return null;
        var map = kernels.Each(_map);
        return kernels.Step("pointwise", call => map(call.Count(), call.Input(0), call.Output(), a, b, SpecializedValue.New(function)));
    }

    internal static Kernel? FindGradient(OpSignature signature, KernelCache kernels)
    {
        if (UnaryFunctions.Find(((UnaryGradientOp)signature.Op).Function) is not var (function, a, b))
            return null;
        var gradient = kernels.Each(_gradient);
        var constants = new UnaryConstants { A = a, B = b };
        return kernels.Step("pointwise", call => gradient(call.Count(), call.Input(0), call.Input(1), call.Output(), constants, SpecializedValue.New(function)));
    }

    /// <summary>y = f(x).</summary>
    public static void Map(Index1D i, ArrayView<float> x, ArrayView<float> y, float a, float b, SpecializedValue<int> function)
        => y[i] = UnaryFunctions.Apply(function.Value, x[i], a, b);

    /// <summary>dX = f′(value)·dY.</summary>
    public static void Gradient(
        Index1D i, ArrayView<float> value, ArrayView<float> dY, ArrayView<float> dX, UnaryConstants constants, SpecializedValue<int> function)
        => dX[i] = UnaryFunctions.Derivative(function.Value, value[i], constants.A, constants.B) * dY[i];
}

/// <summary>The constants of a function.</summary>
public struct UnaryConstants
{
    /// <summary>What they mean depends on the function.</summary>
    public float A, B;
}

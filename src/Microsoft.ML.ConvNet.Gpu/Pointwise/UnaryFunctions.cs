using System.Runtime.CompilerServices;
using ILGPU.Algorithms;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// The functions of one number and their derivatives by number, with up to two constants a and b. A kernel is specialised by the number, so
/// that of each switch one branch is left.
/// </summary>
internal static class UnaryFunctions
{
    private const int Relu = 0, LeakyRelu = 1, Sigmoid = 2, Tanh = 3, Affine = 4, Elu = 5, Gelu = 6, GeluTanh = 7, Silu = 8, Softplus = 9, HardSigmoid = 10,
        Exp = 11, Log = 12, Sqrt = 13, Abs = 14, Power = 15, Clip = 16;

    /// <summary>√(2/π).</summary>
    private const float GeluScale = 0.7978845608f;

    /// <summary>The number and the constants of a function; null where there is none.</summary>
    public static (int Function, float A, float B)? Find(Op op) => op switch
    {
        ReluOp => (Relu, 0, 0),
        LeakyReluOp leaky => (LeakyRelu, leaky.Slope, 0),
        SigmoidOp => (Sigmoid, 0, 0),
        TanhOp => (Tanh, 0, 0),
        AffineOp affine => (Affine, affine.Factor, affine.Offset),
        EluOp elu => (Elu, elu.Alpha, 1),
        SeluOp => (Elu, SeluOp.Alpha, SeluOp.Scale),
        GeluOp gelu => (gelu.Approximate ? GeluTanh : Gelu, 0, 0),
        SiluOp => (Silu, 0, 0),
        SoftplusOp => (Softplus, 0, 0),
        HardSigmoidOp => (HardSigmoid, 0, 0),
        ExpOp => (Exp, 0, 0),
        LogOp => (Log, 0, 0),
        SqrtOp => (Sqrt, 0, 0),
        AbsOp => (Abs, 0, 0),
        PowerOp power => (Power, power.Exponent, 0),
        ClipOp clip => (Clip, clip.Minimum, clip.Maximum),
        _ => null,
    };

    /// <summary>f(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(int function, float x, float a, float b) => function switch
    {
        Relu => x < 0f ? 0f : x,
        LeakyRelu => x < 0f ? a * x : x,
        Sigmoid => Logistic(x),
        Tanh => HyperbolicTangent(x),
        Affine => (a * x) + b,
        Elu => b * (x > 0f ? x : a * (XMath.Exp(x) - 1f)),
        Gelu => x * NormalDistribution(x),
        GeluTanh => 0.5f * x * (1f + HyperbolicTangent(GeluScale * (x + (0.044715f * x * x * x)))),
        Silu => x * Logistic(x),
        Softplus => (x > 0f ? x : 0f) + XMath.Log(1f + XMath.Exp(-XMath.Abs(x))),
        HardSigmoid => Clamp((x / 6f) + 0.5f, 0f, 1f),
        Exp => XMath.Exp(x),
        Log => XMath.Log(x),
        Sqrt => XMath.Sqrt(x),
        Abs => XMath.Abs(x),
        Power => XMath.Pow(x, a),
        Clip => Clamp(x, a, b),
        _ => x,
    };

    /// <summary>f′, of y = f(x) or of x as the op says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Derivative(int function, float value, float a, float b) => function switch
    {
        Relu => value > 0f ? 1f : 0f,
        LeakyRelu => value > 0f ? 1f : a,
        Sigmoid => value * (1f - value),
        Tanh => 1f - (value * value),
        Affine => a,
        Elu => value > 0f ? b : value + (a * b),
        Gelu => NormalDistribution(value) + (value * XMath.Exp(-0.5f * value * value) * (0.5f * GeluScale)),
        GeluTanh => GeluTanhDerivative(value),
        Silu => SiluDerivative(value),
        Softplus => Logistic(value),
        HardSigmoid => value > 0f && value < 1f ? 1f / 6f : 0f,
        Exp => value,
        Log => 1f / value,
        Sqrt => 0.5f / value,
        Abs => value > 0f ? 1f : value < 0f ? -1f : 0f,
        Power => a * XMath.Pow(value, a - 1f),
        Clip => value > a && value < b ? 1f : 0f,
        _ => 1f,
    };

    private static float Logistic(float x) => 1f / (1f + XMath.Exp(-x));

    private static float Clamp(float x, float low, float high) => x < low ? low : x > high ? high : x;

    /// <summary>Φ(x) = (1 + erf(x/√2))/2, to 1e-7 (Abramowitz &amp; Stegun 7.1.26).</summary>
    private static float NormalDistribution(float x)
    {
        var z = XMath.Abs(x) * 0.70710678f;
        var t = 1f / (1f + (0.3275911f * z));
        var series = t * (0.254829592f + (t * (-0.284496736f + (t * (1.421413741f + (t * (-1.453152027f + (t * 1.061405429f))))))));
        var complement = 0.5f * series * XMath.Exp(-z * z);
        return x < 0f ? complement : 1f - complement;
    }

    /// <summary>
    /// tanh x: 1 − 2/(e²ˣ + 1), which saturates exactly, and below 0.25 its Taylor polynomial, where that loses digits. ILGPU's own becomes an instruction on NVIDIA GPUs that
    /// has only 11 bits.
    /// </summary>
    private static float HyperbolicTangent(float x)
    {
        if (XMath.Abs(x) >= 0.25f)
            return 1f - (2f / (XMath.Exp(2f * x) + 1f));
        var square = x * x;
        return x + (x * square * ((-1f / 3f) + (square * ((2f / 15f) + (square * ((-17f / 315f) + (square * (62f / 2835f))))))));
    }

    private static float GeluTanhDerivative(float x)
    {
        var tanh = HyperbolicTangent(GeluScale * (x + (0.044715f * x * x * x)));
        var slope = GeluScale * (1f + (0.134145f * x * x));
        return (0.5f * (1f + tanh)) + (0.5f * x * (1f - (tanh * tanh)) * slope);
    }

    private static float SiluDerivative(float x)
    {
        var sigmoid = Logistic(x);
        return sigmoid * (1f + (x * (1f - sigmoid)));
    }
}

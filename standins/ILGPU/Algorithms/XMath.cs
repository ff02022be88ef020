namespace ILGPU.Algorithms;

/// <summary>Mathematics of kernels: integers and constants.</summary>
public static partial class XMath
{
    public const float E = 2.7182817f;
    public const float Ln10 = 2.3025851f;
    public const float Ln2 = 0.6931472f;
    public const float Log10E = 0.4342945f;
    public const float Log2E = 1.442695f;
    public const float OneOverLn10 = 0.43429446f;
    public const float OneOverLn2 = 1.442695f;
    public const float OneOverLog2E = 0.6931472f;
    public const float OneOverPI = 0.31830987f;
    public const float OneOverSqrt2 = 0.70710677f;
    public const float OneThird = 0.33333334f;
    public const float PI = 3.1415927f;
    public const float PIFourth = 0.7853982f;
    public const float PIHalf = 1.5707964f;
    public const float Sqrt2 = 1.4142135f;
    public const float TwoOverPI = 0.63661975f;

    public static int Abs(int value) => Math.Abs(value);
    public static int Min(int first, int second) => Math.Min(first, second);
    public static uint Min(uint first, uint second) => Math.Min(first, second);
    public static long Min(long first, long second) => Math.Min(first, second);
    public static int Max(int first, int second) => Math.Max(first, second);
    public static uint Max(uint first, uint second) => Math.Max(first, second);
    public static long Max(long first, long second) => Math.Max(first, second);
    public static int Clamp(int value, int min, int max) => Max(Min(value, max), min);
    public static int DivRoundUp(int numerator, int denominator) => IntrinsicMath.DivRoundUp(numerator, denominator);
    public static int DivRoundDown(int numerator, int denominator) => IntrinsicMath.DivRoundDown(numerator, denominator);
}

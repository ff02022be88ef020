namespace ILGPU.Algorithms;

public static partial class XMath
{
    public const double ED = 2.718281828459045;
    public const double Ln10D = 2.302585092994046;
    public const double Ln2D = 0.6931471805599453;
    public const double Log10ED = 0.4342944819032518;
    public const double Log2ED = 1.4426950408889634;
    public const double OneOverLn10D = 0.43429448190325176;
    public const double OneOverLn2D = 1.4426950408889634;
    public const double OneOverLog2ED = 0.6931471805599453;
    public const double PID = 3.141592653589793;
    public const double PIFourthD = 0.7853981633974483;
    public const double PIHalfD = 1.5707963267948966;

    public static double Abs(double value) => Math.Abs(value);
    public static double Acos(double value) => Math.Acos(value);
    public static double Asin(double value) => Math.Asin(value);
    public static double Atan(double value) => Math.Atan(value);
    public static double Atan2(double y, double x) => Math.Atan2(y, x);
    public static double Ceiling(double value) => Math.Ceiling(value);
    public static double Clamp(double value, double min, double max) => Max(Min(value, max), min);
    public static double Cos(double value) => Math.Cos(value);
    public static double Cosh(double value) => Math.Cosh(value);
    public static double DegToRad(double degrees) => degrees * (PID / 180);
    public static double Exp(double value) => Math.Exp(value);
    public static double Exp2(double value) => Math.Pow(2, value);
    public static double Floor(double value) => Math.Floor(value);
    public static double IEEERemainder(double x, double y) => Math.IEEERemainder(x, y);
    public static bool IsFinite(double value) => double.IsFinite(value);
    public static bool IsInfinity(double value) => double.IsInfinity(value);
    public static bool IsNaN(double value) => double.IsNaN(value);
    public static double Log(double value) => Math.Log(value);
    public static double Log(double value, double newBase) => Math.Log(value, newBase);
    public static double Log10(double value) => Math.Log10(value);
    public static double Log2(double value) => Math.Log2(value);
    public static double Max(double first, double second) => Math.Max(first, second);
    public static double Min(double first, double second) => Math.Min(first, second);
    public static double Pow(double @base, double exp) => Math.Pow(@base, exp);
    public static double RadToDeg(double radians) => radians * (180 / PID);
    public static double Rcp(double value) => 1 / value;
    public static double Rem(double x, double y) => x % y;
    public static double Round(double value) => Math.Round(value);
    public static double Round(double value, int digits) => Math.Round(value, digits);
    public static double RoundAwayFromZero(double value) => Math.Round(value, MidpointRounding.AwayFromZero);
    public static double RoundToEven(double value) => Math.Round(value, MidpointRounding.ToEven);
    public static double Rsqrt(double value) => 1 / Math.Sqrt(value);
    public static int Sign(double value) => Math.Sign(value);
    public static double Sin(double value) => Math.Sin(value);
    public static double Sinh(double value) => Math.Sinh(value);
    public static double Sqrt(double value) => Math.Sqrt(value);
    public static double Tan(double value) => Math.Tan(value);
    public static double Tanh(double value) => Math.Tanh(value);
    public static double Truncate(double value) => Math.Truncate(value);
}

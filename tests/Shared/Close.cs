using System.Numerics;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Compares values with what they should be.</summary>
public static class Close
{
    /// <summary>
    /// Asserts that each value is within <paramref name="tolerance"/> of the expected one, relative to the element or to
    /// the root mean square of all, whichever is larger. Where values are small differences of large terms,
    /// <paramref name="terms"/> is the root mean square of these.
    /// </summary>
    public static void Assert<TExpected, TActual>(
        ReadOnlySpan<TExpected> expected, ReadOnlySpan<TActual> actual, double tolerance, string what, double terms = 0)
        where TExpected : INumber<TExpected>
        where TActual : INumber<TActual>
    {
        Xunit.Assert.True(expected.Length == actual.Length, $"{what}: {actual.Length} values, not {expected.Length}");
        var size = Math.Max(RootMeanSquare(expected), terms);
        for (var i = 0; i < expected.Length; i++)
        {
            var (e, a) = (double.CreateChecked(expected[i]), double.CreateChecked(actual[i]));
            Xunit.Assert.True(
                Math.Abs(e - a) <= tolerance * Math.Max(Math.Abs(e), size),
                $"{what}[{i}]: {a} against {e} (off by {Math.Abs(e - a) / Math.Max(Math.Abs(e), size):E1}, allowed {tolerance:E1})");
        }
    }

    /// <summary>√(Σ x²/n).</summary>
    public static double RootMeanSquare<T>(ReadOnlySpan<T> values) where T : INumber<T>
    {
        var squares = 0.0;
        foreach (var value in values)
            squares += double.CreateChecked(value) * double.CreateChecked(value);
        return Math.Sqrt(squares / values.Length);
    }
}

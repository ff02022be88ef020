namespace Microsoft.ML.ConvNet.Ops;

/// <summary>The error function, which .NET lacks.</summary>
internal static class ErrorFunction
{
    /// <summary>
    /// erf(x) = 2/√π·∫₀ˣ e^(−t²) dt, to about 1e-15: by its Maclaurin series with positive terms near zero, by the continued
    /// fraction of erfc further out (Abramowitz &amp; Stegun 7.1.6 and 7.1.14).
    /// </summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x))
            return x;
        var z = Math.Abs(x);
        return z > 6 ? Math.Sign(x) : z < 2.5 ? Series(x) : Math.Sign(x) * (1 - ComplementByFraction(z));
    }

    private static double Series(double x)
    {
        var (sum, term) = (x, x);
        for (var n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
            sum += term *= 2 * x * x / ((2 * n) + 1);
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double ComplementByFraction(double x)
    {
        var fraction = x;
        for (var n = 60; n >= 1; n--)
            fraction = x + (n / 2.0 / fraction);
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * fraction);
    }
}

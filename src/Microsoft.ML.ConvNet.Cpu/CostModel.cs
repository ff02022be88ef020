namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// What plans weigh algorithms and layouts by: a fitted share of a nominal machine's arithmetic, or its memory traffic. Only ratios
/// matter, so the nominal machine is the same everywhere and the same network gets the same plan on every machine of one vector width.
/// </summary>
internal static class CostModel
{
    /// <summary>Floating-point operations a microsecond of one core at its peak.</summary>
    private const double PeakFlops = 270_000;

    /// <summary>Bytes a microsecond that one core reads or writes where a tensor is larger than its cache.</summary>
    private const double Bandwidth = 16_000;

    /// <summary>The time of arithmetic at a share of the peak.</summary>
    public static double Microseconds(double flops, double shareOfPeak) => flops / (PeakFlops * shareOfPeak);

    /// <summary>The time to move so many bytes through one core.</summary>
    public static double Traffic(double bytes) => bytes / Bandwidth;
}

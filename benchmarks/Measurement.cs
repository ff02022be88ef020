using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>What a process measured: images per second, and its peak resident size. We and our peers print it in the same words.</summary>
internal sealed partial record Measurement(double Best, double Median, long PeakBytes)
{
    /// <summary>What follows the figures: for a peer its name, version and memory layout.</summary>
    public string Remark { get; init; } = "";

    /// <summary>Of the times of single runs, in seconds, and the peak size of this process until now.</summary>
    public static Measurement Of(List<double> times, int batch)
    {
        times.Sort();
        using var process = Process.GetCurrentProcess();
        return new Measurement(batch / times[0], batch / times[times.Count / 2], process.PeakWorkingSet64);
    }

    /// <summary>The measurement in a program's output, or null if it printed none.</summary>
    public static Measurement? Find(string output)
        => Line().Match(output) is { Success: true, Groups: var groups }
            ? new Measurement(
                double.Parse(groups["best"].Value, CultureInfo.InvariantCulture),
                double.Parse(groups["median"].Value, CultureInfo.InvariantCulture),
                long.Parse(groups["peak"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture))
            { Remark = groups["remark"].Value }
            : null;

    public override string ToString()
        => FormattableString.Invariant($"best {Best:N1} images/s, median {Median:N1} images/s, peak {PeakBytes:N0} bytes");

    [GeneratedRegex(@"best (?<best>[\d.,]+) images/s, median (?<median>[\d.,]+) images/s, peak (?<peak>[\d,]+) bytes(; (?<remark>.*) \(\d+ runs\))?")]
    private static partial Regex Line();
}

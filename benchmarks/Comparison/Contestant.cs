namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>Who takes part in a comparison: a command line that prints a <see cref="Measurement"/>, and what it printed so far.</summary>
internal sealed class Contestant(string name, IReadOnlyList<string> command)
{
    private readonly List<Measurement> _measurements = [];

    public string Name => _measurements is [{ Remark: { Length: > 0 } remark }, ..] ? remark : name;

    /// <summary>Why there is no measurement, such as "not installed"; null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>The best of all rounds, in images per second.</summary>
    public double Best => _measurements.Max(m => m.Best);

    /// <summary>The median of the rounds' medians, in images per second.</summary>
    public double Median => _measurements.Select(m => m.Median).Order().ElementAt(_measurements.Count / 2);

    /// <summary>The least and the most of the rounds' peak resident sizes, in bytes.</summary>
    public (long Least, long Most) PeakBytes => (_measurements.Min(m => m.PeakBytes), _measurements.Max(m => m.PeakBytes));

    /// <summary>One turn in a process of its own. Who failed once takes no more turns.</summary>
    /// <returns>What went wrong in this turn, in words; null if nothing did.</returns>
    public string? TakeTurn(int threads)
    {
        if (Failure != null)
            return null;

        var outcome = ChildProcess.Run(command, threads);
        if (outcome.ExitCode == 0 && Measurement.Find(outcome.Output) is { } measurement)
        {
            _measurements.Add(measurement);
            return null;
        }

        Failure = outcome.ExitCode == ChildProcess.NotInstalled ? "not installed" : "failed";
        return outcome.Error.Trim();
    }
}

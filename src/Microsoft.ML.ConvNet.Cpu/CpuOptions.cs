namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How a <see cref="CpuBackend"/> works.</summary>
public sealed record CpuOptions
{
    /// <summary>The number of threads, or null (the default) for all processors with threads that all such backends of the process share.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Whether convolutions are computed as they are defined, without Winograd's transforms: with smaller rounding errors, and slower where
    /// the transforms would have served. False by default.
    /// </summary>
    public bool ExactConvolution { get; init; }

    /// <summary>
    /// Whether plans time the algorithms of each convolution while they are compiled and use the fastest, instead of the one with the best estimate. False by
    /// default. What was measured is kept in <see cref="TuningFile"/>: with it, or without tuning, the same seed gives the same bits; a new
    /// measurement may choose otherwise, which changes the last digits.
    /// </summary>
    public bool Tune { get; init; }

    /// <summary>Where measurements of <see cref="Tune"/> are kept; by default in the user's folder for local application data. Null keeps them in memory.</summary>
    public string? TuningFile { get; init; } = InUserFolder("convolutions.json");

    /// <summary>Algorithms that are chosen wherever they can be; for tests of each of them.</summary>
    internal Func<IConvAlgorithm, bool>? Prefers { get; init; }

    /// <summary>Where a file for this user belongs, or null for a user without such a folder.</summary>
    private static string? InUserFolder(string file)
        => Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } folder
            ? Path.Combine(folder, "Microsoft.ML.ConvNet", file)
            : null;
}

using static System.FormattableString;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>
/// We and our peers on the same networks, in turns, so that whatever else the machine does meets all alike, and each in a process of
/// its own: OpenMP's waiting threads slow whatever shares theirs.
/// </summary>
internal static class PeerBenchmark
{
    private static readonly Table _table = new(
        ("network", -14), ("batch", 5), ("threads", 7), ("ours: best", 13), ("median", 11), ("peer: best", 13), ("median", 11), ("peer", -34),
        ("ratio of bests", 14), ("of medians", 10), ("target", 6), ("speed", -5), ("peak MB: ours", 13), ("peer", 7), ("memory", -6));

    public static void Run(Options options)
    {
        var targets = Targets.SpeedOf(options.Mode, options.Net);
        if (options.Mode == Mode.Infer && Peers.Export(targets.Select(t => t.Net)) is { ExitCode: not 0, Error: var error })
            Console.Error.WriteLine($"The ONNX files could not be written: {error.Trim()}");

        Console.WriteLine(Machine.Describe(options.Threads));
        Console.WriteLine(Invariant(
            $"{(options.Mode == Mode.Train ? "Training" : "Prediction")} in images/s, in turns; rounds: {options.Rounds}, seconds of a turn: {options.Seconds}. Targets are for the ratio of the bests."));
        Console.WriteLine();
        _table.WriteHeader();
        var seen = new HashSet<string>();
        foreach (var target in targets)
            Compare(target, options, seen);
    }

    private static void Compare(Target target, Options options, HashSet<string> seenProblems)
    {
        var ours = Peers.Ours(target, options);
        var peers = Peers.Of(target, options);
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var contestant in peers.Prepend(ours))
            {
                if (contestant.TakeTurn(options.Threads) is { } problem && seenProblems.Add(problem))
                    Console.Error.WriteLine(problem);
            }
        }

        var peer = peers.Where(p => p.Failure == null).MaxBy(p => p.Best) ?? peers[0];
        string[] ratios = ours.Failure == null && peer.Failure == null
            ? [Invariant($"{ours.Best / peer.Best:F2}"), Invariant($"{ours.Median / peer.Median:F2}"), Invariant($"{target.Ratio:F1}"), Hit(ours.Best >= target.Ratio * peer.Best)]
            : ["", "", Invariant($"{target.Ratio:F1}"), ""];
        _table.WriteRow(
            [target.Net, Invariant($"{target.Batch}"), Invariant($"{options.Threads}"), .. Speeds(ours), .. Speeds(peer), peer.Name, .. ratios, .. Sizes(target, ours, peers)]);
    }

    private static string[] Speeds(Contestant contestant)
        => contestant.Failure is { } failure ? [failure, ""] : [Invariant($"{contestant.Best:N1}"), Invariant($"{contestant.Median:N1}")];

    /// <summary>Our largest peak against the peer's least; in training it is to be less.</summary>
    private static string[] Sizes(Target target, Contestant ours, IReadOnlyList<Contestant> peers)
    {
        var measured = peers.Where(p => p.Failure == null).ToArray();
        if (ours.Failure != null || measured.Length == 0)
            return ["", "", ""];

        var (our, their) = (ours.PeakBytes.Most, measured.Min(p => p.PeakBytes.Least));
        return [Invariant($"{our / 1e6:N1}"), Invariant($"{their / 1e6:N1}"), target.Mode == Mode.Train ? Hit(our < their) : ""];
    }

    private static string Hit(bool reached) => reached ? "hit" : "miss";
}

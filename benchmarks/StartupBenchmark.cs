using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using static System.FormattableString;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>How long a new process takes until it has trained for the first step, and how much of that is the plan's compilation.</summary>
internal static partial class StartupBenchmark
{
    public static void Run(Options options)
    {
        if (options.StartedAt > 0)
            TakeFirstStep(options);
        else
            StartProcesses(options);
    }

    /// <summary>In the child: nothing is written before the step has ended, because the first use of the console takes its time too.</summary>
    private static void TakeFirstStep(Options options)
    {
        using var run = new TrainingRun(options);
        run.Step();
        var firstStep = Stopwatch.GetElapsedTime(options.StartedAt);
        Console.WriteLine(Invariant($"first step {firstStep.TotalMilliseconds:F1} ms, plan {run.CompileTime.TotalMilliseconds:F1} ms"));
    }

    private static void StartProcesses(Options options)
    {
        Console.WriteLine(Machine.Describe(options.Threads));
        var (firstSteps, plans) = (new List<double>(), new List<double>());
        for (var round = 0; round < options.Rounds; round++)
        {
            var outcome = ChildProcess.Run(ChildProcess.Self(
                "startup", "--net", options.Net, "--batch", Invariant($"{options.Batch}"), "--threads", Invariant($"{options.Threads}"),
                "--started-at", Invariant($"{Stopwatch.GetTimestamp()}")), options.Threads);
            if (Line().Match(outcome.Output) is not { Success: true, Groups: var groups })
                throw new InvalidOperationException($"The process of round {round + 1} ended with code {outcome.ExitCode}. {outcome.Error}");
            firstSteps.Add(double.Parse(groups["step"].Value, CultureInfo.InvariantCulture));
            plans.Add(double.Parse(groups["plan"].Value, CultureInfo.InvariantCulture));
        }

        Console.WriteLine($"startup {options.Net}, batch {options.Batch}, {options.Threads} thread(s), {options.Rounds} processes:");
        Console.WriteLine($"from the start of the process to the end of the first step: {Summary(firstSteps, Targets.FirstStep, options.Net)}");
        Console.WriteLine($"of which compiling the plan: {Summary(plans, Targets.PlanCompilation, options.Net)}");
    }

    private static string Summary(List<double> times, IReadOnlyDictionary<string, double> targets, string net)
    {
        times.Sort();
        var median = times[times.Count / 2];
        var verdict = targets.TryGetValue(net, out var target) ? Invariant($"; target {target} ms for the median: {(median < target ? "hit" : "miss")}") : "";
        return Invariant($"best {times[0]:F1} ms, median {median:F1} ms{verdict}");
    }

    [GeneratedRegex("first step (?<step>[0-9.]+) ms, plan (?<plan>[0-9.]+) ms")]
    private static partial Regex Line();
}

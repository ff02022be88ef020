using System.Diagnostics;
using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>Whole networks: images per second in training and prediction.</summary>
internal static class NetworkBenchmark
{
    public static void Train(Options options)
    {
        using var run = new TrainingRun(options);
        // Forward, input gradient and weight gradient each take as many multiply-adds.
        Measure("train", options, 3 * run.Network.MultiplyAdds, run.Step);
    }

    public static void Infer(Options options)
    {
        using var run = new InferenceRun(options);
        Measure("infer", options, run.Network.MultiplyAdds, run.Step);
    }

    public static void Describe(Options options)
    {
        using var run = NewRun(options);
        Console.WriteLine(run.Network.Summary());
        Console.WriteLine(run.Plan.Describe());
    }

    public static void Profile(Options options)
    {
        using var run = NewRun(options);
        WarmUp(run.Step);
        var best = new double[run.Plan.Steps.Count];
        Array.Fill(best, double.MaxValue);
        for (var (clock, runs) = (Stopwatch.StartNew(), 0); runs < 5 || clock.Elapsed.TotalSeconds < options.Seconds; runs++)
        {
            foreach (var (index, time) in run.ProfileStep().Index())
                best[index] = Math.Min(best[index], time.TotalMicroseconds);
        }

        foreach (var (step, microseconds) in run.Plan.Steps.Zip(best))
            Console.WriteLine(FormattableString.Invariant($"{microseconds,10:F1} µs  {microseconds / best.Sum(),5:P1}  {step.Name,-40}  {step.Output,-16}  {step.Kernel}"));
        Console.WriteLine(FormattableString.Invariant($"{best.Sum(),10:F1} µs  in all, {options.Batch / best.Sum() * 1e6:N0} images/s"));
    }

    private static IRun NewRun(Options options) => options.Mode == Mode.Infer ? new InferenceRun(options) : new TrainingRun(options);

    private static void Measure(string what, Options options, long multiplyAddsPerImage, Action run)
    {
        WarmUp(run);
        var times = new List<double>();
        for (var clock = Stopwatch.StartNew(); times.Count < 5 || clock.Elapsed.TotalSeconds < options.Seconds;)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        // Before the peak of the machine is measured, which is no work of the network.
        var measurement = Measurement.Of(times, options.Batch);
        var gigaflops = 2.0 * multiplyAddsPerImage * measurement.Best / 1e9;
        var peak = FmaPeak.Measure() * options.Threads;
        Console.WriteLine(FormattableString.Invariant(
            $"{what} {options.Net}, batch {options.Batch}, {options.Threads} thread(s): {measurement}; {gigaflops:F1} GFLOP/s, {gigaflops / peak:P0} of the FMA peak of {peak:F0} ({times.Count} runs)"));
    }

    /// <summary>On a single core .NET optimises what is called often only after a second; the peers' scripts warm up as long.</summary>
    private static void WarmUp(Action run)
    {
        for (var (clock, runs) = (Stopwatch.StartNew(), 0); runs < 3 || clock.Elapsed.TotalSeconds < 2; runs++)
            run();
    }
}

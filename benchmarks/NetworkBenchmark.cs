using System.Diagnostics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>Whole networks: images per second in training and prediction.</summary>
internal static class NetworkBenchmark
{
    public static void Train(Options options)
    {
        using var backend = new CpuBackend(options.Threads);
        var (network, input, target, plan) = TrainingPlan(options, backend);
        using (plan)
        {
            plan.Write(target, Classes(options.Batch, network.Output.Shape.Length));
            var images = Images(options.Batch * input.Shape.Length);
            long step = 0;
            // Forward, input gradient and weight gradient each take as many multiply-adds.
            Measure($"train {options.Net}", options, 3 * network.MultiplyAdds, () =>
            {
                plan.Write(input, images);
                plan.Write(target, Classes(options.Batch, network.Output.Shape.Length));
                plan.Run(options.Batch, new RunState(1, step++, 1e-4f));
            });
        }
    }

    public static void Infer(Options options)
    {
        using var backend = new CpuBackend(options.Threads);
        var network = Networks.Find(options.Net);
        network.Initialize(1);
        using var predictor = new Predictor(network, backend, options.Batch);
        var images = Images(options.Batch * network.Inputs[0].Shape.Length);
        var predictions = new float[options.Batch * predictor.OutputShape.Length];
        Measure($"infer {options.Net}", options, network.MultiplyAdds, () => predictor.Predict(images, predictions));
    }

    public static void Describe(Options options)
    {
        using var backend = new CpuBackend(options.Threads);
        var (network, _, _, plan) = TrainingPlan(options, backend);
        using (plan)
        {
            Console.WriteLine(network.Summary());
            Console.WriteLine(plan.Describe());
        }
    }

    public static void Profile(Options options)
    {
        using var backend = new CpuBackend(options.Threads);
        var (network, input, target, plan) = TrainingPlan(options, backend);
        using (plan)
        {
            var images = Images(options.Batch * input.Shape.Length);
            var best = new double[plan.Steps.Count];
            Array.Fill(best, double.MaxValue);
            for (var (clock, step) = (Stopwatch.StartNew(), 0L); step < 5 || clock.Elapsed.TotalSeconds < options.Seconds; step++)
            {
                plan.Write(input, images);
                plan.Write(target, Classes(options.Batch, network.Output.Shape.Length));
                foreach (var (index, time) in plan.Profile(options.Batch, new RunState(1, step, 1e-4f)).Index())
                    best[index] = Math.Min(best[index], time.TotalMicroseconds);
            }

            foreach (var (step, microseconds) in plan.Steps.Zip(best))
                Console.WriteLine(FormattableString.Invariant($"{microseconds,10:F1} µs  {microseconds / best.Sum(),5:P1}  {step.Name,-40}  {step.Output,-16}  {step.Kernel}"));
            Console.WriteLine(FormattableString.Invariant($"{best.Sum(),10:F1} µs  in all, {options.Batch / best.Sum() * 1e6:N0} images/s"));
        }
    }

    private static (Network Network, Node Input, Node Target, Plan Plan) TrainingPlan(Options options, CpuBackend backend)
    {
        var network = Networks.Find(options.Net);
        network.Initialize(1);
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        var loss = Loss.SoftmaxCrossEntropy.Mean(network.Output, target);
        var plan = Plan.Compile(Computation.Training(loss, Optimizer.Sgd()), network.Layout, backend, options.Batch);
        plan.WriteVariables(network.Weights);
        return (network, network.Inputs[0], target, plan);
    }

    private static void Measure(string what, Options options, long multiplyAddsPerImage, Action run)
    {
        for (var i = 0; i < 3; i++)
            run();
        var times = new List<double>();
        for (var clock = Stopwatch.StartNew(); times.Count < 5 || clock.Elapsed.TotalSeconds < options.Seconds;)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        times.Sort();
        var (best, median) = (times[0], times[times.Count / 2]);
        var gigaflops = 2.0 * multiplyAddsPerImage * options.Batch / best / 1e9;
        var peak = FmaPeak.Measure() * options.Threads;
        Console.WriteLine(FormattableString.Invariant(
            $"{what}, batch {options.Batch}, {options.Threads} thread(s): best {options.Batch / best:N0} images/s, median {options.Batch / median:N0}; {gigaflops:F1} GFLOP/s, {gigaflops / peak:P0} of the FMA peak of {peak:F0} ({times.Count} runs)"));
    }

    private static float[] Images(int length) => [.. Enumerable.Range(0, length).Select(i => (float)CounterRandom.Uniform(1, (uint)i))];

    private static float[] Classes(int length, int classes) => [.. Enumerable.Range(0, length).Select(i => (float)(i % classes))];
}

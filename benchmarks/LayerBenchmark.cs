using System.Diagnostics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>
/// The convolutions of the networks by every algorithm in every layout that it supports, with what the algorithm is estimated to take:
/// how well plans choose.
/// </summary>
internal static class LayerBenchmark
{
    private static readonly (string Net, int Batch, Shape X, int Filters, Window Window, int Groups)[] _layers =
    [
        ("nielsen", 128, [1, 28, 28], 20, Square(5), 1),
        ("nielsen", 128, [20, 12, 12], 40, Square(5), 1),
        ("lenet5", 64, [6, 14, 14], 16, Square(5), 1),
        ("vgg", 64, [3, 32, 32], 64, Square(3, 1, 1), 1),
        ("vgg", 64, [64, 32, 32], 64, Square(3, 1, 1), 1),
        ("vgg", 64, [128, 16, 16], 128, Square(3, 1, 1), 1),
        ("vgg", 64, [256, 8, 8], 256, Square(3, 1, 1), 1),
        ("resnet18", 8, [3, 224, 224], 64, Square(7, 2, 3), 1),
        ("resnet18", 8, [64, 56, 56], 64, Square(3, 1, 1), 1),
        ("resnet18", 8, [64, 56, 56], 128, Square(3, 2, 1), 1),
        ("resnet18", 8, [64, 56, 56], 128, Square(1, 2), 1),
        ("resnet18", 8, [128, 28, 28], 128, Square(3, 1, 1), 1),
        ("resnet18", 8, [256, 14, 14], 256, Square(3, 1, 1), 1),
        ("resnet18", 8, [512, 7, 7], 512, Square(3, 1, 1), 1),
        ("resnet50", 8, [64, 56, 56], 256, Square(1), 1),
        ("resnet50", 8, [1024, 14, 14], 256, Square(1), 1),
        ("alexnet", 16, [3, 224, 224], 64, Square(11, 4, 2), 1),
        ("alexnet", 16, [64, 27, 27], 192, Square(5, 1, 2), 1),
        ("alexnet", 16, [192, 13, 13], 384, Square(3, 1, 1), 1),
        ("alexnet", 16, [384, 13, 13], 256, Square(3, 1, 1), 1),
        ("alexnet", 16, [256, 13, 13], 256, Square(3, 1, 1), 1),
        ("mobilenet", 8, [96, 112, 112], 96, Square(3, 2, 1), 96),
        ("mobilenet", 8, [144, 56, 56], 144, Square(3, 1, 1), 144),
        ("mobilenet", 8, [384, 14, 14], 384, Square(3, 1, 1), 384),
        ("mobilenet", 8, [16, 112, 112], 96, Square(1), 1),
        ("mobilenet", 8, [96, 14, 14], 576, Square(1), 1),
        ("grouped", 8, [128, 28, 28], 128, Square(3, 1, 1), 32),
        ("grouped", 8, [256, 14, 14], 256, Square(3, 1, 1), 32),
        ("grouped", 8, [512, 7, 7], 512, Square(3, 1, 1), 32),
        ("grouped", 8, [1024, 14, 14], 1024, Square(3, 1, 1), 32),
        ("grouped", 16, [96, 27, 27], 256, Square(5, 1, 2), 2),
        ("grouped", 16, [384, 13, 13], 384, Square(3, 1, 1), 2),
        ("grouped", 8, [240, 28, 28], 240, Square(1), 3),
        ("transposed", 8, [32, 64, 64], 64, Square(4, 2, 1), 1),
        ("transposed", 4, [128, 56, 56], 256, Square(2, 2), 1),
        ("dilated", 2, [64, 64, 64], 64, new Window(new WindowAxis(3, 1, 4, 4, Dilation: 4), new WindowAxis(3, 1, 4, 4, Dilation: 4)), 1),
        ("volume", 2, [16, 32, 32, 32], 32, Cube(3, 1), 1),
        ("volume", 4, [32, 16, 16, 16], 64, Cube(3, 1), 1),
        ("volume", 8, [1, 32, 32, 32], 32, Cube(5, 2), 1),
        ("volume", 16, [32, 14, 14, 14], 32, Cube(3, 1), 1),
        ("line", 8, [64, 256], 64, Line(3, 1, 1), 1),
        ("line", 8, [128, 1000], 128, Line(9, 1, 4), 1),
        ("line", 32, [32, 100], 64, Line(5, 1, 2), 1),
        ("mnist1d", 100, [1, 40], 25, Line(5, 2, 1), 1),
        ("mnist1d", 100, [25, 19], 25, Line(3, 2, 1), 1),
        ("wide", 1, [64, 56, 56], 64, Square(3, 1, 1), 1),
        ("wide", 1, [512, 7, 7], 512, Square(3, 1, 1), 1),
    ];

    private sealed record Candidate(IConvAlgorithm Algorithm, OpSignature Signature)
    {
        public ConvProblem Problem { get; } = ConvProblem.Of(Signature);
    }

    public static void Run(Options options)
    {
        var peak = FmaPeak.Measure() * options.Threads;
        Console.WriteLine(FormattableString.Invariant($"FMA peak of {options.Threads} thread(s): {peak:F0} GFLOP/s"));
        var candidates = (
            from layer in _layers
            let batch = options.Mode == Mode.Infer ? 1 : layer.Batch
            from pass in options.Mode == Mode.Infer ? [ConvPass.Forward] : Enum.GetValues<ConvPass>()
            let title = $"{layer.Net} {layer.X}→{layer.Filters} {layer.Window.Describe(layer.X.Rank - 1)}{(layer.Groups > 1 ? $", {layer.Groups} groups" : "")} batch {batch} {Name(pass)}"
            where title.Contains(options.Layer, StringComparison.OrdinalIgnoreCase)
            from candidate in Candidates(Signature(layer.X, layer.Filters, new ConvOp { Window = layer.Window, Groups = layer.Groups }, pass, batch) with { KeepsPrepared = options.Mode == Mode.Infer })
            group candidate by title).ToArray();

        using var pool = new WorkerPool(options.Threads);
        using var backend = new CpuBackend(1);
        foreach (var group in candidates)
        {
            Console.WriteLine(group.Key);
            foreach (var candidate in group)
            {
                var kernel = ConvKernel.Bind(candidate.Algorithm, candidate.Problem, pool);
                var best = Time(backend, kernel, candidate.Signature, options.Threads, options.Seconds / candidates.Sum(g => g.Count()));
                var speed = candidate.Problem.Flops / best / 1e3;
                var layouts = $"{candidate.Problem.XLayout} → {candidate.Problem.YLayout}";
                Console.WriteLine(FormattableString.Invariant(
                    $"  {kernel.Name,-31} {layouts,-16} {best,10:F1} µs {speed,7:F1} GFLOP/s {speed / peak,6:P0}   estimate {candidate.Algorithm.Cost(candidate.Problem) / options.Threads,10:F1} µs"));
            }
        }
    }

    private static string Name(ConvPass pass) => pass switch
    {
        ConvPass.Forward => "forward",
        ConvPass.InputGradient => "input gradient",
        _ => "weight gradient",
    };

    private static OpSignature Signature(Shape x, int filters, ConvOp forward, ConvPass pass, int batch)
    {
        var (window, groups) = (forward.Window, forward.Groups);
        TensorType[] types = [new(x, true), new(forward.WeightShape(x, filters), false), new(OutputShape(x, filters, window), true)];
        return pass switch
        {
            ConvPass.Forward => new(forward, types[..2], types[2], batch),
            ConvPass.InputGradient => new(new ConvTransposeOp { Window = window, Groups = groups, OutputShape = x }, [types[2], types[1]], types[0], batch),
            _ => new(new ConvWeightGradientOp { Window = window, Groups = groups, Shape = types[1].Shape }, [types[0], types[2]], types[1], batch),
        };
    }

    private static Shape OutputShape(Shape x, int filters, Window window) => x.Rank switch
    {
        2 => [filters, window.Width.Outputs(x.W)],
        3 => [filters, window.Height.Outputs(x.H), window.Width.Outputs(x.W)],
        _ => [filters, window.Depth.Outputs(x.D), window.Height.Outputs(x.H), window.Width.Outputs(x.W)],
    };

    private static IEnumerable<Candidate> Candidates(OpSignature plain)
    {
        var lanes = VectorWidth.Floats;
        Layout[] layouts = [Layout.Plain, Layout.ChannelLanes(lanes), Layout.BatchLanes(lanes)];
        return
            from inLayout in layouts
            from outLayout in layouts
            let inputs = plain.Inputs.Select((t, i) => t.Batched ? t with { Layout = i == 0 ? inLayout : outLayout } : t).ToArray()
            let output = plain.Output.Batched ? plain.Output with { Layout = outLayout } : plain.Output
            where inputs.Append(output).All(t => t.Layout.Fits(t))
            let signature = plain with { Inputs = inputs, Output = output }
            from algorithm in ConvKernel.Algorithms
            where algorithm.Supports(ConvProblem.Of(signature))
            select new Candidate(algorithm, signature);
    }

    /// <summary>The best time of a run, in microseconds.</summary>
    private static double Time(CpuBackend backend, Kernel kernel, OpSignature signature, int threads, double seconds)
    {
        using var workspace = backend.Allocate(kernel.WorkspaceLength);
        using var prepared = backend.Allocate(kernel.PreparedLength);
        var operands = signature.Inputs.Append(signature.Output).Select(t => new TensorView(backend.Allocate(t.Length(signature.MaxBatch)), 0, t)).ToArray();
        foreach (var operand in operands)
            operand.Write([.. Enumerable.Range(0, (int)operand.Buffer.Length).Select(i => (i % 7) - 3f)]);
        var call = new KernelCall
        {
            Inputs = operands[..^1],
            Output = operands[^1],
            Workspace = new TensorView(workspace, 0, new TensorType([], false)),
            Prepared = new TensorView(prepared, 0, new TensorType([], false)),
            Batch = signature.MaxBatch,
        };

        var best = double.MaxValue;
        for (var (clock, runs) = (Stopwatch.StartNew(), 0); runs < 3 || clock.Elapsed.TotalSeconds < seconds; runs++)
        {
            var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            kernel.Run(call);
            call.ParametersChanged = !signature.KeepsPrepared;
            var elapsed = Stopwatch.GetElapsedTime(start);

            // What other processes took from a single thread does not count.
            if (threads == 1)
                elapsed = TimeSpan.FromTicks(Math.Min(elapsed.Ticks, (Environment.CpuUsage.TotalTime - used).Ticks));
            best = Math.Min(best, elapsed.TotalMicroseconds);
        }

        foreach (var operand in operands)
            operand.Buffer.Dispose();
        return best;
    }

    private static Window Square(int size, int stride = 1, int padding = 0)
        => new(new WindowAxis(size, stride, padding, padding), new WindowAxis(size, stride, padding, padding));

    private static Window Cube(int size, int padding)
    {
        var axis = new WindowAxis(size, 1, padding, padding);
        return new Window(axis, axis, axis);
    }

    private static Window Line(int size, int stride, int padding) => new(new WindowAxis(1), new WindowAxis(size, stride, padding, padding));
}

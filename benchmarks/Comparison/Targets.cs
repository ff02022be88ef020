namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>How many times its peer's images per second a network is to reach.</summary>
internal sealed record Target(Mode Mode, string Net, int Batch, double Ratio);

/// <summary>What the engine is to reach, on one thread and on all.</summary>
internal static class Targets
{
    /// <summary>Training against PyTorch, the better of its memory layouts; prediction against ONNX Runtime.</summary>
    public static IReadOnlyList<Target> Speed { get; } =
    [
        new(Mode.Train, "nielsen", 128, 2.5),
        new(Mode.Train, "lenet5", 64, 2.5),
        new(Mode.Train, "nielsen", 10, 1.5),
        new(Mode.Train, "vgg-cifar", 64, 2),
        new(Mode.Train, "resnet18-cifar", 32, 1.3),
        new(Mode.Train, "resnet18", 8, 1.3),
        new(Mode.Train, "alexnet", 16, 1.3),
        new(Mode.Train, "mnist1d", 100, 4),
        new(Mode.Infer, "vgg-cifar", 32, 1.3),
        new(Mode.Infer, "resnet18-cifar", 32, 1.3),
        new(Mode.Infer, "resnet18", 32, 1.3),
        new(Mode.Infer, "vgg-cifar", 1, 1),
        new(Mode.Infer, "resnet18-cifar", 1, 1),
        new(Mode.Infer, "resnet18", 1, 1),
    ];

    /// <summary>Milliseconds from the start of a process to the end of its first step of training, by network.</summary>
    public static IReadOnlyDictionary<string, double> FirstStep { get; } = new Dictionary<string, double> { ["nielsen"] = 300 };

    /// <summary>Milliseconds that compiling a training plan may take, by network.</summary>
    public static IReadOnlyDictionary<string, double> PlanCompilation { get; } = new Dictionary<string, double> { ["resnet18"] = 100 };

    /// <exception cref="ArgumentException">No such network has a target in this mode.</exception>
    public static IReadOnlyList<Target> SpeedOf(Mode mode, string nets)
    {
        var targets = Speed.Where(t => t.Mode == mode);
        if (nets == "all")
            return [.. targets];

        var names = nets.Split(',');
        var unknown = names.Except(targets.Select(t => t.Net)).ToArray();
        return unknown.Length == 0
            ? [.. targets.Where(t => names.Contains(t.Net))]
            : throw new ArgumentException(
                $"There is no target for '{string.Join("', '", unknown)}'; there are {string.Join(", ", targets.Select(t => t.Net).Distinct())}.");
    }
}

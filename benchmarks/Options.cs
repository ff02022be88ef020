using System.Globalization;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>What a network is measured at.</summary>
internal enum Mode
{
    Train,
    Infer,
}

/// <summary>The options of the command line.</summary>
internal sealed record Options
{
    public string Net { get; init; } = "nielsen";

    public Mode Mode { get; init; }

    public int Batch { get; init; } = 128;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>"cpu", "gpu" or "gpu" and an index.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>How a GPU computes.</summary>
    public GpuOptions Gpu { get; init; } = new();

    public double Seconds { get; init; } = 5;

    public int Rounds { get; init; } = 5;

    public int Size { get; init; } = 512;

    public string Layer { get; init; } = "";

    /// <summary>When `startup` started this process, in ticks of the stopwatch, which all processes share; 0 in any other process.</summary>
    public long StartedAt { get; init; }

    /// <param name="arguments">Pairs of a name and a value.</param>
    /// <param name="defaults">What holds for options that are not given.</param>
    /// <exception cref="ArgumentException">An option is unknown, or its value is not what it takes.</exception>
    public static Options Parse(IEnumerable<string> arguments, Options defaults)
    {
        var options = defaults;
        foreach (var pair in arguments.Chunk(2))
        {
            var value = pair.Length == 2 ? pair[1] : throw new ArgumentException($"{pair[0]} needs a value.");
            options = pair[0] switch
            {
                "--net" => options with { Net = value },
                "--mode" => options with { Mode = ModeOf(value) },
                "--batch" => options with { Batch = (int)Whole(pair[0], value) },
                "--threads" => options with { Threads = (int)Whole(pair[0], value) },
                "--seconds" => options with { Seconds = Number(pair[0], value) },
                "--rounds" => options with { Rounds = (int)Whole(pair[0], value) },
                "--size" => options with { Size = (int)Whole(pair[0], value) },
                "--device" => options with { Device = value },
                "--libraries" => options with { Gpu = LibrariesOf(value) },
                "--layer" => options with { Layer = value },
                "--started-at" => options with { StartedAt = Whole(pair[0], value) },
                _ => throw new ArgumentException($"Unknown option {pair[0]}; see the usage without arguments."),
            };
        }

        return options;
    }

    private static Mode ModeOf(string value) => value switch
    {
        "train" => Mode.Train,
        "infer" => Mode.Infer,
        _ => throw new ArgumentException($"--mode needs train or infer; received '{value}'."),
    };

    private static GpuOptions LibrariesOf(string value) => value switch
    {
        "on" => new GpuOptions(),
        "off" => new GpuOptions { VendorLibraries = false },
        "tf32" => new GpuOptions { AllowTf32 = true },
        _ => throw new ArgumentException($"--libraries needs on, off or tf32; received '{value}'."),
    };

    private static double Number(string name, string value)
        => double.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} needs a number above 0; received '{value}'.");

    private static long Whole(string name, string value)
        => long.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} needs a whole number above 0; received '{value}'.");
}

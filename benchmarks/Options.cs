using System.Globalization;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>The options of the command line.</summary>
internal sealed record Options
{
    public string Net { get; init; } = "nielsen";

    public int Batch { get; init; } = 128;

    public int Threads { get; init; } = Environment.ProcessorCount;

    public double Seconds { get; init; } = 5;

    public int Size { get; init; } = 512;

    public string Layer { get; init; } = "";

    /// <exception cref="ArgumentException">An option is unknown or its value is no number above 0.</exception>
    public static Options Parse(IEnumerable<string> arguments)
    {
        var options = new Options();
        foreach (var pair in arguments.Chunk(2))
        {
            var value = pair.Length == 2 ? pair[1] : throw new ArgumentException($"{pair[0]} needs a value.");
            options = pair[0] switch
            {
                "--net" => options with { Net = value },
                "--batch" => options with { Batch = (int)Number(pair[0], value) },
                "--threads" => options with { Threads = (int)Number(pair[0], value) },
                "--seconds" => options with { Seconds = Number(pair[0], value) },
                "--size" => options with { Size = (int)Number(pair[0], value) },
                "--layer" => options with { Layer = value },
                _ => throw new ArgumentException($"Unknown option {pair[0]}; see the usage without arguments."),
            };
        }

        return options;
    }

    private static double Number(string name, string value)
        => double.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} needs a number above 0; received '{value}'.");
}

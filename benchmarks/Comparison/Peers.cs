namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>The peers' command lines; their scripts, and how to install them, are in the folder peers.</summary>
internal static class Peers
{
    private static readonly Lazy<string> _python = new(FindPython);

    /// <summary>Where the ONNX files lie; git ignores it.</summary>
    private static string Models => Path.Combine(Repository.Root, "artifacts", "peers");

    /// <summary>Ours, in the process that our own `train` and `infer` make.</summary>
    public static Contestant Ours(Target target, Options options)
        => new("ours", ChildProcess.Self([target.Mode == Mode.Train ? "train" : "infer", .. Arguments(target, options)]));

    /// <summary>PyTorch in both of its layouts, of which sequences have one, or ONNX Runtime.</summary>
    public static IReadOnlyList<Contestant> Of(Target target, Options options)
    {
        if (target.Mode == Mode.Infer)
            return [new("ONNX Runtime", ["node", Script("onnxruntime_bench.js"), .. Arguments(target, options), "--models", Models])];

        string[] layouts = Networks.Find(target.Net).Inputs[0].Shape.Rank == 3 ? ["plain", "channels-last"] : ["plain"];
        return [.. layouts.Select(layout => new Contestant(
            $"PyTorch, {layout}", [_python.Value, Script("pytorch.py"), "--mode", "train", .. Arguments(target, options), "--layout", layout]))];
    }

    /// <summary>Writes the networks as ONNX files.</summary>
    public static Outcome Export(IEnumerable<string> nets)
        => ChildProcess.Run([_python.Value, Script("export_onnx.py"), "--net", string.Join(',', nets.Distinct()), "--batch", "1,32", "--output", Models]);

    private static string[] Arguments(Target target, Options options) =>
    [
        "--net", target.Net,
        "--batch", FormattableString.Invariant($"{target.Batch}"),
        "--threads", FormattableString.Invariant($"{options.Threads}"),
        "--seconds", FormattableString.Invariant($"{options.Seconds}"),
    ];

    private static string Script(string name) => Path.Combine(Repository.Root, "benchmarks", "peers", name);

    /// <summary>The Python on the path if it has PyTorch; otherwise that of the system, for which Debian's packages are.</summary>
    private static string FindPython()
    {
        string[] candidates = ["python3", "/usr/bin/python3", "python"];
        const string hasTorch = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)";
        return candidates.FirstOrDefault(python => ChildProcess.Run([python, "-c", hasTorch]).ExitCode == 0) ?? candidates[0];
    }
}

using System.Diagnostics;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>How another program ended and what it wrote.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error);

/// <summary>Other programs, each run to its end.</summary>
internal static class ChildProcess
{
    /// <summary>The exit code for what is not installed, here as in the peers' scripts.</summary>
    public const int NotInstalled = 3;

    private static readonly Dictionary<string, string> _packages = new() { ["python3"] = "python3-torch libopenblas0-pthread", ["node"] = "nodejs npm" };

    /// <summary>The command line of this very program with other arguments.</summary>
    public static IReadOnlyList<string> Self(params IEnumerable<string> arguments)
        => Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? [Environment.ProcessPath!, typeof(ChildProcess).Assembly.Location, .. arguments]
            : [Environment.ProcessPath!, .. arguments];

    /// <summary>Runs a program.</summary>
    public static Outcome Run(IReadOnlyList<string> command)
    {
        if (!Exists(command[0]))
            return new Outcome(NotInstalled, "", $"The program {command[0]} is not installed: apt install {_packages.GetValueOrDefault(command[0], command[0])}");

        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>Runs a program of so many threads; a single one stays on one core where the system can do that.</summary>
    public static Outcome Run(IReadOnlyList<string> command, int threads)
        => Run(threads == 1 && Exists("taskset") && Exists(command[0]) ? ["taskset", "-c", "0", .. command] : command);

    private static bool Exists(string program)
        => Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .Any(path => File.Exists(path) || File.Exists(path + ".exe"));
}

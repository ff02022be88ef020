using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Times the algorithms of convolutions on operands of their sizes and remembers the times, in memory and in a file. A file that cannot be read or
/// written is no error: it costs the measurements.
/// </summary>
internal sealed class ConvTuning
{
    /// <summary>The time for each algorithm of a problem, after one run that does not count.</summary>
    private static readonly TimeSpan _budget = TimeSpan.FromMilliseconds(10);

    private readonly string? _file;
    private readonly string _machine;
    private readonly Dictionary<string, Dictionary<string, double>> _measured;

    /// <param name="file">Where to keep measurements, or null.</param>
    /// <param name="machine">What measurements depend on besides the problem.</param>
    public ConvTuning(string? file, string machine)
    {
        (_file, _machine) = (file, machine);
        _measured = Read(file);
    }

    /// <summary>Microseconds of each algorithm by its name, as if on one thread.</summary>
    public IReadOnlyDictionary<string, double> Measure(ConvProblem problem, IEnumerable<IConvAlgorithm> algorithms, WorkerPool pool)
    {
        var key = $"{_machine}, {pool.Threads} threads: {problem}";
        if (!_measured.TryGetValue(key, out var times))
            _measured[key] = times = [];
        foreach (var algorithm in algorithms.Where(a => !times.ContainsKey(a.Name)))
        {
            times[algorithm.Name] = Time(problem, ConvKernel.Bind(algorithm, problem, pool)) * pool.Threads;
            Write();
        }

        return times;
    }

    private static double Time(ConvProblem problem, Kernel kernel)
    {
        var (x, y, w) = (problem.XType, problem.YType, problem.WeightType);
        TensorType[] inputs = problem.Pass switch
        {
            ConvPass.Forward => [x, w, .. Optional(problem.HasBias, problem.Y.C), .. problem.Adds ? [y] : Array.Empty<TensorType>()],
            ConvPass.InputGradient => [y, w, .. Optional(problem.HasBias, problem.X.C)],
            _ => [x, y],
        };
        var output = problem.Pass switch { ConvPass.Forward => y, ConvPass.InputGradient => x, _ => w };
        var scratch = new TensorType([], false);
        TensorView[] operands = [.. inputs.Append(output).Select(t => New(t.Length(problem.MaxBatch), t)), New(kernel.WorkspaceLength, scratch), New(kernel.PreparedLength, scratch)];
        try
        {
            var call = new KernelCall { Inputs = operands[..inputs.Length], Output = operands[^3], Workspace = operands[^2], Prepared = operands[^1], Batch = problem.MaxBatch };
            kernel.Run(call);
            call.ParametersChanged = !problem.KeepsPrepared;
            var best = double.MaxValue;
            for (var clock = Stopwatch.StartNew(); best == double.MaxValue || clock.Elapsed < _budget;)
            {
                var start = Stopwatch.GetTimestamp();
                kernel.Run(call);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }

            return best;
        }
        finally
        {
            foreach (var operand in operands)
                operand.Buffer.Dispose();
        }
    }

    private static TensorType[] Optional(bool there, int length) => there ? [new TensorType([length], false)] : [];

    private static TensorView New(long length, TensorType type) => new(new NativeBuffer(length), 0, type);

    private static Dictionary<string, Dictionary<string, double>> Read(string? file)
    {
        try
        {
            return file != null && File.Exists(file)
                ? JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, double>>>(File.ReadAllText(file)) ?? []
                : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    private void Write()
    {
        if (_file == null)
            return;
        try
        {
            AtomicFile.Write(_file, stream => JsonSerializer.Serialize(stream, _measured));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next process measures again.
        }
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>A network, its training plan and a batch of random images: all that steps of training need.</summary>
internal sealed class TrainingRun : IRun
{
    private readonly IBackend _backend;
    private readonly Node _target;
    private readonly float[] _images;
    private readonly float[] _classes;
    private Action? _arrive;
    private long _step;

    public TrainingRun(Options options)
    {
        Network = Networks.Find(options.Net);
        _images = RandomImages(options.Batch * Network.Inputs[0].Shape.Length);
        _classes = [.. Enumerable.Range(0, options.Batch).Select(i => (float)(i % Network.Output.Shape.Length))];
        _target = new Node(new InputOp { Shape = [1] }, [], "target");
        _backend = NewBackend(options);

        var start = Stopwatch.GetTimestamp();
        var loss = Loss.SoftmaxCrossEntropy.Mean(Network.Output, _target);
        Plan = Plan.Compile(Computation.Training(loss, Optimizer.Sgd()), Network.Layout, _backend, options.Batch);
        CompileTime = Stopwatch.GetElapsedTime(start);
        WriteFirstValues(options.Net);

        // In a training there is one copy of the values, as in the peers.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    public Network Network { get; }

    public Plan Plan { get; }

    /// <summary>What deriving the gradients and compiling the plan took.</summary>
    public TimeSpan CompileTime { get; }

    public void Step()
    {
        _arrive ??= SendBatch();
        _arrive();
        Plan.Run(_classes.Length, NextState());
        _arrive = SendBatch();
        Plan.Wait();
    }

    public IEnumerable<TimeSpan> ProfileStep()
    {
        SendBatch()();
        return Plan.Profile(_classes.Length, NextState());
    }

    public void Dispose()
    {
        Plan.Dispose();
        ((IDisposable)_backend).Dispose();
    }

    public static float[] RandomImages(int length) => [.. Enumerable.Range(0, length).Select(i => (float)CounterRandom.Uniform(1, (uint)i))];

    private static IBackend NewBackend(Options options) => options.Device switch
    {
        "cpu" => new CpuBackend(options.Threads),
        "gpu" => new GpuBackend(options: options.Gpu),
        var gpu when gpu.StartsWith("gpu", StringComparison.Ordinal) && int.TryParse(gpu.AsSpan(3), out var index) => new GpuBackend(ConvNetDevice.Gpu(index), options.Gpu),
        var other => throw new ArgumentException($"--device is cpu, gpu or gpu with an index; received '{other}'."),
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteFirstValues(string net)
    {
        var network = Networks.Find(net);
        network.Initialize(1);
        Plan.WriteVariables(network.Weights);
    }

    private Action SendBatch() => Plan.BeginWrite(Network.Inputs[0], _images) + Plan.BeginWrite(_target, _classes);

    private RunState NextState() => new(1, _step++, 1e-4f);
}

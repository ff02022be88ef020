using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>A network, its inference plan and a batch of random images: all that predictions need.</summary>
internal sealed class InferenceRun : IRun
{
    private readonly CpuBackend _backend;
    private readonly float[] _images;
    private readonly float[] _predictions;
    private readonly int _batch;

    public InferenceRun(Options options)
    {
        Network = Networks.Find(options.Net);
        Network.Initialize(1);
        _batch = options.Batch;
        _images = TrainingRun.RandomImages(_batch * Network.Inputs[0].Shape.Length);
        _predictions = new float[_batch * Network.Output.Shape.Length];
        _backend = new CpuBackend(options.Threads);
        Plan = Plan.Compile(Computation.Inference(Network.Output), Network.Layout, _backend, _batch);
        Plan.WriteVariables(Network.Weights);
    }

    public Network Network { get; }

    public Plan Plan { get; }

    public void Step()
    {
        Plan.Write(Network.Inputs[0], _images);
        Plan.Run(_batch);
        Plan.Read(0, _predictions);
    }

    public IEnumerable<TimeSpan> ProfileStep()
    {
        Plan.Write(Network.Inputs[0], _images);
        return Plan.Profile(_batch);
    }

    public void Dispose()
    {
        Plan.Dispose();
        _backend.Dispose();
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Measures the loss and accuracy of a network on samples.</summary>
public sealed class Evaluator : IDisposable
{
    private readonly Network _network;
    private readonly Loss _loss;
    private readonly Node _input;
    private readonly Node _target;
    private readonly Plan _plan;
    private readonly bool _countsCorrect;

    /// <summary>Compiles a network for evaluation.</summary>
    /// <param name="network">The network.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="backend">Where to run.</param>
    /// <param name="batchSize">The samples to evaluate at once.</param>
    /// <exception cref="ArgumentException">The network has more than one input.</exception>
    public Evaluator(Network network, Loss loss, IBackend backend, int batchSize = 32)
    {
        (_network, _loss, _input) = (network, loss, network.RequireSingleInput());
        _target = new Node(new InputOp { Shape = loss.TargetShape(network.Output) }, [], "target");
        var correct = loss.Correct(network.Output, _target);
        _countsCorrect = correct != null;
        Node[] outputs = correct == null ? [loss.Mean(network.Output, _target)] : [loss.Mean(network.Output, _target), correct];
        _plan = Plan.Compile(Computation.Inference(outputs), network.Layout, backend, batchSize);
    }

    /// <summary>Evaluates the network with values laid out as in <see cref="Network.Layout"/>.</summary>
    /// <exception cref="ArgumentException">There are no samples, or their targets do not fit the loss.</exception>
    public Evaluation Evaluate(IBatchSource samples, ReadOnlySpan<float> weights)
    {
        if (samples.Count == 0)
            throw new ArgumentException("There are no samples to evaluate.", nameof(samples));
        _plan.WriteVariables(weights);
        var batch = new Batch(samples, _plan.MaxBatch, _loss, _network.Output);
        var totals = new LossTotals();
        for (var start = 0; start < samples.Count; start += _plan.MaxBatch)
        {
            var count = Math.Min(_plan.MaxBatch, samples.Count - start);
            batch.Load([.. Enumerable.Range(start, count)]);
            batch.WriteTo(_plan, _input, _target);
            _plan.Run(count);
            totals.Add(_plan, count, _countsCorrect);
        }

        return totals.Mean;
    }

    /// <inheritdoc/>
    public void Dispose() => _plan.Dispose();
}

/// <summary>The samples of one step on their way from the source to a plan.</summary>
internal sealed class Batch(IBatchSource source, int size, Loss loss, Node output)
{
    private readonly float[] _inputs = new float[size * source.InputShape.Length];
    private readonly float[] _targets = new float[size * source.TargetShape.Length];
    private int _count;

    public void Load(ReadOnlySpan<int> samples)
    {
        _count = samples.Length;
        source.Read(samples, _inputs, _targets);
        loss.CheckTargets(output, _targets.AsSpan(0, _count * source.TargetShape.Length));
    }

    public void WriteTo(Plan plan, Node input, Node target) => BeginWriteTo(plan, input, target)();

    /// <summary>Begins to set the inputs of a plan; calling what is returned ends it. No other samples are loaded in between.</summary>
    public Action BeginWriteTo(Plan plan, Node input, Node target)
        => plan.BeginWrite(input, _inputs.AsMemory(0, _count * source.InputShape.Length))
            + plan.BeginWrite(target, _targets.AsMemory(0, _count * source.TargetShape.Length));
}

/// <summary>Adds up losses and right predictions, batch by batch, from a plan whose outputs are the mean loss and the right ones.</summary>
internal sealed class LossTotals
{
    private double _loss;
    private double _correct;
    private long _samples;

    public Evaluation Mean => new(_loss / _samples, _correct / _samples);

    /// <summary>Adds the last run of a plan; returns its mean loss.</summary>
    public float Add(Plan plan, int count, bool countsCorrect)
    {
        Span<float> loss = stackalloc float[1];
        plan.Read(0, loss);
        _loss += (double)loss[0] * count;
        _samples += count;
        var correct = new float[countsCorrect ? count : 0];
        if (countsCorrect)
            plan.Read(1, correct);
        _correct += countsCorrect ? correct.Sum() : double.NaN;
        return loss[0];
    }
}

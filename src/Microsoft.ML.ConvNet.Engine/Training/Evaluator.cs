using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Measures the loss and accuracy of a network on samples.</summary>
public sealed class Evaluator : IDisposable
{
    private readonly Network _network;
    private readonly Loss _loss;
    private readonly IBackend _backend;
    private readonly int _batchSize;
    private readonly Node _target;
    private readonly Computation _computation;
    private readonly bool _countsCorrect;
    private (Plan Plan, Node Input, bool OfPixels) _compiled;

    /// <summary>Compiles a network for evaluation.</summary>
    /// <param name="network">The network.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="backend">Where to run.</param>
    /// <param name="batchSize">The samples to evaluate at once.</param>
    /// <exception cref="ArgumentException">The network has more than one input.</exception>
    public Evaluator(Network network, Loss loss, IBackend backend, int batchSize = 32)
        : this(network, loss, backend, batchSize, samples: null)
    {
    }

    /// <summary>Compiles a network for the evaluation of samples that are floats, or bytes as the given ones may be.</summary>
    internal Evaluator(Network network, Loss loss, IBackend backend, int batchSize, IBatchSource? samples)
    {
        (_network, _loss, _backend, _batchSize) = (network, loss, backend, batchSize);
        network.RequireSingleInput();
        _target = new Node(new InputOp { Shape = loss.TargetShape(network.Output) }, [], "target");
        var correct = loss.Correct(network.Output, _target);
        _countsCorrect = correct != null;
        Node[] outputs = correct == null ? [loss.Mean(network.Output, _target)] : [loss.Mean(network.Output, _target), correct];
        _computation = Computation.Inference(outputs);
        _compiled = Compile(samples);
    }

    /// <summary>Evaluates the network with values laid out as in <see cref="Network.Layout"/>.</summary>
    /// <exception cref="ArgumentException">There are no samples, or their targets do not fit the loss.</exception>
    public Evaluation Evaluate(IBatchSource samples, ReadOnlySpan<float> weights)
    {
        if (samples.Count == 0)
            throw new ArgumentException("There are no samples to evaluate.", nameof(samples));
        if (_compiled.OfPixels != (samples.AsPixels() != null))
        {
            Dispose();
            _compiled = Compile(samples);
        }

        var (plan, input, _) = _compiled;
        plan.WriteVariables(weights);
        var batch = new Batch(samples, _batchSize, _loss, _network.Output);
        using var totals = new LossTotals(plan, _backend, _countsCorrect);
        for (var start = 0; start < samples.Count; start += _batchSize)
        {
            var count = Math.Min(_batchSize, samples.Count - start);
            batch.Load([.. Enumerable.Range(start, count)]);
            batch.WriteTo(plan, input, _target);
            plan.Run(count);
            totals.Add(count);
            if (totals.IsFull)
                totals.Read();
        }

        totals.Read();
        return totals.Mean;
    }

    /// <inheritdoc/>
    public void Dispose() => _compiled.Plan.Dispose();

    private (Plan Plan, Node Input, bool OfPixels) Compile(IBatchSource? samples)
    {
        var (computation, input) = Batch.Feed(_computation, _network.Inputs[0], samples, _batchSize);
        return (Plan.Compile(computation, _network.Layout, _backend, _batchSize), input, samples?.AsPixels() != null);
    }
}

/// <summary>The samples of one step on their way from the source to a plan.</summary>
internal sealed class Batch(IBatchSource source, int size, Loss loss, Node output)
{
    private readonly IPixelSource? _pixels = source.AsPixels();
    private readonly float[] _inputs = new float[size * LengthOf(source)];
    private readonly float[] _targets = new float[size * source.TargetShape.Length];
    private int _count;

    /// <summary>Has a computation take what a source has, bytes or floats; returns the input that takes it too.</summary>
    public static (Computation Computation, Node Input) Feed(Computation computation, Node input, IBatchSource? source, int size)
        => source?.AsPixels() == null ? (computation, input) : UnpackPixels.Of(computation, input, size);

    public void Load(ReadOnlySpan<int> samples)
    {
        _count = samples.Length;
        if (_pixels != null)
            LoadPixels(_pixels, samples);
        else
            source.Read(samples, _inputs, _targets);
        loss.CheckTargets(output, _targets.AsSpan(0, _count * source.TargetShape.Length));
    }

    public void WriteTo(Plan plan, Node input, Node target) => BeginWriteTo(plan, input, target)();

    /// <summary>Begins to set the inputs of a plan; calling what is returned ends it. No other samples are loaded in between.</summary>
    public Action BeginWriteTo(Plan plan, Node input, Node target)
        => plan.BeginWrite(input, _inputs.AsMemory(0, _count * LengthOf(source)))
            + plan.BeginWrite(target, _targets.AsMemory(0, _count * source.TargetShape.Length));

    /// <summary>The floats that an input takes; four bytes to a float where the source has bytes.</summary>
    private static int LengthOf(IBatchSource source)
        => (source.AsPixels() == null ? source.InputShape : PixelsOp.PackedShape(source.InputShape)).Length;

    private void LoadPixels(IPixelSource pixels, ReadOnlySpan<int> samples)
    {
        var bytes = MemoryMarshal.AsBytes(_inputs.AsSpan());
        var (room, targetLength) = (LengthOf(source) * sizeof(float), source.TargetShape.Length);
        for (var i = 0; i < samples.Length; i++)
            pixels.ReadPixels(samples[i], bytes.Slice(i * room, source.InputShape.Length), _targets.AsSpan(i * targetLength, targetLength));
    }
}

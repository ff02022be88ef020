using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet;

/// <summary>Runs a trained network. One predictor serves many threads, one batch at a time.</summary>
public sealed class Predictor : IDisposable
{
    private readonly Lock _lock;
    private readonly Node _input;
    private readonly Plan _plan;
    private bool _disposed;

    /// <summary>Compiles a network for prediction.</summary>
    /// <param name="network">The network, with values.</param>
    /// <param name="backend">Where to run.</param>
    /// <param name="maxBatch">The largest batch.</param>
    /// <param name="loss">
    /// The loss it was trained with, which decides what is predicted: probabilities for softmax cross-entropy. By default
    /// the network's output as it is.
    /// </param>
    /// <exception cref="ArgumentException">The network has more than one input.</exception>
    /// <exception cref="InvalidOperationException">The network has no values.</exception>
    public Predictor(Network network, IBackend backend, int maxBatch = 32, Loss? loss = null)
        : this(network, backend, maxBatch, loss, new Lock())
    {
    }

    /// <summary>Compiles a network for a backend that one predictor at a time may use: that which holds the gate.</summary>
    internal Predictor(Network network, IBackend backend, int maxBatch, Loss? loss, Lock gate)
        : this(network, backend, maxBatch, loss, valuesOf: null, gate)
    {
        _plan.WriteVariables(network.RequireWeights());
    }

    /// <summary>Compiles a network that shares the values of another predictor, which is disposed last.</summary>
    internal Predictor(Network network, IBackend backend, int maxBatch, Loss? loss, Predictor? valuesOf, Lock? gate = null)
    {
        _lock = gate ?? new Lock();
        _input = network.RequireSingleInput();
        var output = loss?.Prediction(network.Output) ?? network.Output;
        OutputShape = output.Shape;
        _plan = Plan.Compile(Computation.Inference(output), network.Layout, backend, maxBatch, valuesOf?._plan);
    }

    /// <summary>The largest batch.</summary>
    public int MaxBatch => _plan.MaxBatch;

    /// <summary>The shape of one prediction.</summary>
    public Shape OutputShape { get; }

    /// <summary>Predicts a batch.</summary>
    /// <param name="inputs">The inputs, one after the other; at most <see cref="MaxBatch"/>.</param>
    /// <param name="outputs">Room for as many predictions.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public void Predict(ReadOnlySpan<float> inputs, Span<float> outputs)
        => ObjectDisposedException.ThrowIf(!TryPredict(inputs, outputs), this);

    /// <summary>Frees the memory, once a prediction that runs on another thread is done.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _plan.Dispose();
        }
    }

    /// <summary>Predicts a batch, unless the predictor is disposed.</summary>
    internal bool TryPredict(ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        var length = _input.Shape.Length;
        var batch = inputs.Length / length;
        if (batch < 1 || batch > MaxBatch || inputs.Length != batch * length || outputs.Length != batch * OutputShape.Length)
            throw new ArgumentException($"The network takes 1 to {MaxBatch} inputs of {length} numbers and gives {OutputShape.Length} for each; received {inputs.Length} numbers and room for {outputs.Length}.");
        lock (_lock)
        {
            if (_disposed)
                return false;
            _plan.Write(_input, inputs);
            _plan.Run(batch);
            _plan.Read(0, outputs);
            return true;
        }
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;

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
        : this(network, backend, maxBatch, loss, ofPixels: false, new Lock())
    {
    }

    /// <summary>
    /// Compiles a network for inputs as floats, or as bytes that lie four to a float (see <see cref="Ops.PixelsOp"/>), on a backend that one
    /// predictor at a time may use: that which holds the gate.
    /// </summary>
    internal Predictor(Network network, IBackend backend, int maxBatch, Loss? loss, bool ofPixels, Lock gate)
        : this(network, backend, maxBatch, loss, ofPixels, valuesOf: null, gate)
    {
        _plan.WriteVariables(network.RequireWeights());
    }

    /// <summary>Compiles a network that shares the values of another predictor, which is disposed last.</summary>
    internal Predictor(Network network, IBackend backend, int maxBatch, Loss? loss, Predictor valuesOf)
        : this(network, backend, maxBatch, loss, ofPixels: false, valuesOf._plan, new Lock())
    {
    }

    private Predictor(Network network, IBackend backend, int maxBatch, Loss? loss, bool ofPixels, Plan? valuesOf, Lock gate)
    {
        _lock = gate;
        _input = network.RequireSingleInput();
        var output = loss?.Prediction(network.Output) ?? network.Output;
        OutputShape = output.Shape;
        var computation = Computation.Inference(output);
        if (ofPixels)
            (computation, _input) = UnpackPixels.Of(computation, _input, maxBatch);
        _plan = Plan.Compile(computation, network.Layout, backend, maxBatch, valuesOf);
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

using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Runs a fully convolutional network on images of any size. A plan is compiled for each size when it first comes and then kept; all
/// plans share the values of the network.
/// </summary>
/// <param name="network">The network, with values; see <see cref="Rebuilding.ToFullyConvolutional"/> for classifiers.</param>
/// <param name="backend">Where to run.</param>
/// <param name="maxBatch">The largest batch.</param>
/// <param name="loss">The loss it was trained with, which decides what is predicted; by default the output as it is.</param>
public sealed class AnySizePredictor(Network network, IBackend backend, int maxBatch = 1, Loss? loss = null) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Predictor _original = new(network, backend, maxBatch, loss);
    private readonly Dictionary<Shape, Predictor> _predictors = [];

    /// <summary>The shape of a prediction for an input.</summary>
    /// <exception cref="ShapeException">A layer cannot work on this size.</exception>
    public Shape OutputShape(Shape input) => For(input).OutputShape;

    /// <summary>Predicts a batch of inputs of one size.</summary>
    /// <param name="inputs">The inputs, one after the other.</param>
    /// <param name="shape">The shape of one input.</param>
    /// <param name="outputs">Room for as many predictions of <see cref="OutputShape"/>.</param>
    /// <exception cref="ShapeException">A layer cannot work on this size.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public void Predict(ReadOnlySpan<float> inputs, Shape shape, Span<float> outputs) => For(shape).Predict(inputs, outputs);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var predictor in _predictors.Values)
                predictor.Dispose();
            _predictors.Clear();
            _original.Dispose();
        }
    }

    private Predictor For(Shape shape)
    {
        lock (_lock)
        {
            if (shape == network.Inputs[0].Shape)
                return _original;
            if (!_predictors.TryGetValue(shape, out var predictor))
                _predictors[shape] = predictor = new Predictor(network.WithInput(shape), backend, maxBatch, loss, _original);
            return predictor;
        }
    }
}

using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Batches that are run in parts train like whole ones.</summary>
public static class GradientAccumulation
{
    /// <summary>What each optimizer makes of decay and of small gradients shows in the weights.</summary>
    private static readonly OptimizerOp[] _optimizers =
    [
        Optimizer.Sgd(momentum: 0), Optimizer.Sgd(nesterov: true, weightDecay: 0.1f), Optimizer.Adam(epsilon: 1e-3f, weightDecay: 0.1f), Optimizer.AdamW(epsilon: 1e-3f, weightDecay: 0.1f),
    ];

    /// <summary>Trains without batch normalisation, in whole batches and in parts; the last batch and the last parts are incomplete.</summary>
    public static void Check(IBackend backend, double tolerance)
    {
        var samples = Bars.Make(39);
        foreach (var optimizer in _optimizers)
        {
            var options = new TrainerOptions { Epochs = 3, BatchSize = 16, Seed = 4, LearningRate = 0.02f, Optimizer = optimizer };
            var whole = new Trainer(backend, options).Fit(Network(), samples);
            foreach (var microBatch in new[] { 1, 6, 15 })
            {
                var parts = new Trainer(backend, options with { MicroBatchSize = microBatch }).Fit(Network(), samples);
                Close.Assert<float, float>(whole.Network.Weights, parts.Network.Weights, tolerance, $"weights after {optimizer} in parts of {microBatch}");
                foreach (var (e, a) in whole.History.Zip(parts.History))
                    Assert.Equal(e.Training.Loss, a.Training.Loss, tolerance * e.Training.Loss);
            }
        }
    }

    private static Node Network() => ConvNet.Network.Input(1, Bars.Size, Bars.Size).Conv(6, 5).Tanh().MaxPool(2).Dense(2);
}

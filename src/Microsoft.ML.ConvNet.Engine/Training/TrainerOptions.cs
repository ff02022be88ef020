using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>The options of a <see cref="Trainer"/>.</summary>
public sealed record TrainerOptions
{
    /// <summary>How often each sample is seen; 10 by default.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>The samples of one step; 32 by default.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// The samples that are run at once; the whole batch by default. A smaller number takes less memory: the batch is run in parts, and the optimizer takes one step by
    /// the mean of their gradients, weighted by their samples. Batch normalisation takes the statistics of each part, and a loss that divides by something else
    /// than samples (class weights, places that count) does so in each part.
    /// </summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>The learning rate before the schedule; 0.001 by default.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>How the learning rate changes; constant by default.</summary>
    public Schedule Schedule { get; init; } = Schedule.Constant;

    /// <summary>How gradients change the parameters; Adam by default.</summary>
    public OptimizerOp Optimizer { get; init; } = ConvNet.Optimizer.Adam();

    /// <summary>What is made small; softmax cross-entropy by default.</summary>
    public Loss Loss { get; init; } = Loss.SoftmaxCrossEntropy;

    /// <summary>The seed of first values, order and dropout: the same seed gives the same network, bit by bit.</summary>
    public int Seed { get; init; }

    /// <summary>Whether each epoch has another order; yes by default.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>The share of the samples that is set aside for validation when none are given; 0 by default.</summary>
    public float ValidationFraction { get; init; }

    /// <summary>When to stop before the last epoch; never by default.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>
    /// Whether the network ends with the values of its best epoch (by validation loss) rather than of the last;
    /// yes by default. Without validation samples it is always the last.
    /// </summary>
    public bool KeepBest { get; init; } = true;

    /// <summary>
    /// The segments of the network whose activations are computed again in the backward pass instead of being kept: with about √n of them, n layers
    /// take memory in proportion to √n, and one more forward pass (Chen et al. 2016, Training deep nets with sublinear memory cost). 0 by default: everything
    /// is kept. See <see cref="RecomputeActivations"/>.
    /// </summary>
    public int RecomputedSegments { get; init; }

    /// <summary>Receives the progress: once a batch, unless <see cref="ProgressInterval"/> says less often, and once at the end of each epoch.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>
    /// The least time between two reports within an epoch; none by default. The losses are read from a device when a report is due, and for that it is waited for. Without reports
    /// they are read every 64 batches, so that a training that diverges ends soon.
    /// </summary>
    public TimeSpan ProgressInterval { get; init; }

    /// <summary>
    /// A file that is written after each epoch, and from which an interrupted training goes on where it stopped; none by
    /// default. A new file replaces the older one only once it is complete.
    /// </summary>
    public string? CheckpointPath { get; init; }

    internal void Check()
    {
        Require(Epochs >= 1, nameof(Epochs), Epochs, "at least 1");
        Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "at least 1");
        Require(MicroBatchSize is null or >= 1, nameof(MicroBatchSize), MicroBatchSize, "at least 1");
        Require(ProgressInterval >= TimeSpan.Zero, nameof(ProgressInterval), ProgressInterval, "zero or more");
        Require(LearningRate > 0 && float.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "above 0 and finite");
        Require(ValidationFraction is >= 0 and < 1, nameof(ValidationFraction), ValidationFraction, "at least 0 and below 1");
        Require(RecomputedSegments >= 0, nameof(RecomputedSegments), RecomputedSegments, "at least 0");
        Require(EarlyStopping is null or { Patience: >= 1 }, nameof(EarlyStopping), EarlyStopping?.Patience, "patient for at least 1 epoch");
    }

    private static void Require(bool condition, string name, object? value, string range)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }
}

/// <summary>
/// Stops a training whose loss no longer falls: the validation loss, or the training loss where there is no validation.
/// </summary>
/// <param name="Patience">The epochs to wait for a better loss; 5 by default.</param>
/// <param name="MinimumImprovement">What counts as better: a loss lower by more than this; 0 by default.</param>
public sealed record EarlyStopping(int Patience = 5, double MinimumImprovement = 0)
{
    /// <summary>Whether the last epochs, as many as the patience, were no better than the best one before them.</summary>
    internal bool IsDue(IReadOnlyList<EpochResult> history)
    {
        var (best, waited) = (double.PositiveInfinity, 0);
        foreach (var epoch in history)
            (best, waited) = epoch.Loss < best - MinimumImprovement ? (epoch.Loss, 0) : (best, waited + 1);
        return waited >= Patience;
    }
}

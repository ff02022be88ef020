using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

public sealed partial class ConvNetTrainer
{
    /// <summary>The options of a <see cref="ConvNetTrainer"/>.</summary>
    /// <remarks>Public fields, as in the options of every ML.NET trainer.</remarks>
#pragma warning disable CA1051 // ML.NET's options are fields.
#pragma warning disable CA1034 // and nested in their trainer.
    public sealed class Options
    {
        /// <summary>The name of the label column, a key. "Label" by default.</summary>
        public string LabelColumnName = "Label";

        /// <summary>The name of the feature column, an image or a vector of <see cref="float"/>. "Features" by default.</summary>
        public string FeatureColumnName = "Features";

        /// <summary>The name of the output column of probabilities. "Score" by default.</summary>
        public string ScoreColumnName = "Score";

        /// <summary>The name of the output column of the most probable class. "PredictedLabel" by default.</summary>
        public string PredictedLabelColumnName = "PredictedLabel";

        /// <summary>How often each row is seen; 10 by default.</summary>
        public int Epochs = 10;

        /// <summary>The rows of one step; 32 by default.</summary>
        public int BatchSize = 32;

        /// <summary>
        /// The rows that are run at once; the whole batch by default. A smaller number takes less memory: the gradients of the parts are averaged before each step of
        /// the optimizer, and batch normalisation takes the statistics of each part.
        /// </summary>
        public int? MicroBatchSize;

        /// <summary>The learning rate before the schedule; 0.001 by default.</summary>
        public float LearningRate = 1e-3f;

        /// <summary>How the learning rate changes; constant by default.</summary>
        public Schedule Schedule = Schedule.Constant;

        /// <summary>How gradients change the parameters; Adam by default.</summary>
        public OptimizerOp Optimizer = ConvNet.Optimizer.Adam();

        /// <summary>Rows to validate on after each epoch, with the same columns; the network of the best epoch is kept.</summary>
        public IDataView? ValidationSet;

        /// <summary>
        /// The share of the rows that is set aside for validation where there is no <see cref="ValidationSet"/>; 0 by default.
        /// </summary>
        public float ValidationSetFraction;

        /// <summary>When to stop before the last epoch; never by default.</summary>
        public EarlyStopping? EarlyStopping;

        /// <summary>Called after each batch and at the end of each epoch, on the thread that trains.</summary>
        public Action<TrainingProgress>? MetricsCallback;

        /// <summary>
        /// Ends the training with the best network so far. While the data is still being read there is none, and Fit throws an
        /// <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationToken CancellationToken;

        /// <summary>
        /// A folder for the checkpoint, written after each epoch, from which an interrupted training of the same network on the
        /// same rows goes on; none by default. It takes the same seed: give one to the <see cref="MLContext"/>, or here.
        /// </summary>
        public string? WorkspacePath;

        /// <summary>
        /// The seed of first values, order and dropout; by default one that follows from the seed of the <see cref="MLContext"/>.
        /// </summary>
        public int? Seed;

        /// <summary>
        /// Where to train, and where the transformer scores batches: <see cref="ConvNetDevice.Auto"/> takes a GPU if there is one. By default the GPU of
        /// <see cref="MLContext.GpuDeviceId"/>, or the CPU where that is not set. Without such a GPU, or where its memory does not suffice, the CPU does it with a
        /// warning, or it fails where <see cref="MLContext.FallbackToCpu"/> is false.
        /// </summary>
        public ConvNetDevice? Device;

        /// <summary>The number of threads; all processors by default. The result is the same for every number.</summary>
        public int? Threads;

        /// <summary>
        /// Whether convolutions are computed as they are defined, without Winograd's transforms: with smaller rounding errors, and slower where the transforms
        /// would have served. False by default.
        /// </summary>
        public bool ExactConvolution;

        /// <summary>
        /// Whether to time the algorithms of each convolution before the training and use the fastest, instead of the one that is expected to be. What
        /// was measured is kept for later trainings. False by default.
        /// </summary>
        public bool TuneConvolutions;

        /// <summary>
        /// Whether large convolutions and matrix products on an NVIDIA GPU run on cuDNN (8 or 9) and cuBLAS (12 or 13) where they are found, in training and scoring. True by
        /// default; nothing needs them.
        /// </summary>
        public bool VendorLibraries = true;

        /// <summary>
        /// Whether those libraries may round factors to TF32, with 10 bits behind the point instead of 23: faster on NVIDIA GPUs since Ampere, and less exact. False by
        /// default.
        /// </summary>
        public bool AllowTf32;

        /// <summary>
        /// The segments of the network whose activations are computed again in the backward pass instead of being kept, to save memory; about the root of the
        /// number of layers is a good choice. 0 by default: everything is kept.
        /// </summary>
        public int RecomputedSegments;

        /// <summary>
        /// The bytes of rows that are kept in memory, images as one byte for each pixel and channel; what exceeds them goes to
        /// a file in <see cref="MLContext.TempFilePath"/>. A quarter of the machine's memory by default.
        /// </summary>
        public long? CacheBytes;

        /// <summary>
        /// Whether to train although a class of the label's key occurs in no row, which is an error by default: such a class
        /// can never be predicted.
        /// </summary>
        public bool AllowUnseenClasses;

        internal Options Copy() => (Options)MemberwiseClone();

        /// <exception cref="ArgumentException">An option is missing or out of range.</exception>
        internal void Check()
        {
            foreach (var (name, value) in new[]
            {
                (nameof(LabelColumnName), LabelColumnName), (nameof(FeatureColumnName), FeatureColumnName),
                (nameof(ScoreColumnName), ScoreColumnName), (nameof(PredictedLabelColumnName), PredictedLabelColumnName),
            })
            {
                if (string.IsNullOrEmpty(value))
                    throw new ArgumentException($"{name} must be the name of a column.", name);
            }

            if (ScoreColumnName == PredictedLabelColumnName)
                throw new ArgumentException($"ScoreColumnName and PredictedLabelColumnName must differ; both are '{ScoreColumnName}'.", nameof(ScoreColumnName));
            ArgumentNullException.ThrowIfNull(Schedule, nameof(Schedule));
            ArgumentNullException.ThrowIfNull(Optimizer, nameof(Optimizer));
            Require(Epochs >= 1, nameof(Epochs), Epochs, "at least 1");
            Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "at least 1");
            Require(MicroBatchSize is null or >= 1, nameof(MicroBatchSize), MicroBatchSize, "at least 1");
            Require(LearningRate > 0 && float.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "above 0 and finite");
            Require(ValidationSetFraction is >= 0 and < 1, nameof(ValidationSetFraction), ValidationSetFraction, "at least 0 and below 1");
            Require(EarlyStopping is null or { Patience: >= 1 }, nameof(EarlyStopping), EarlyStopping?.Patience, "patient for at least 1 epoch");
            Require(Threads is null or >= 1, nameof(Threads), Threads, "at least 1");
            Require(RecomputedSegments >= 0, nameof(RecomputedSegments), RecomputedSegments, "at least 0");
            Require(CacheBytes is null or >= 0, nameof(CacheBytes), CacheBytes, "at least 0");
        }

        private static void Require(bool condition, string name, object? value, string range)
        {
            if (!condition)
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
        }
    }
#pragma warning restore CA1034, CA1051
}

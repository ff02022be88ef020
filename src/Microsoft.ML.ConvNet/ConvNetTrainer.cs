using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Data;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Scoring;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Trains a convolutional network to tell classes apart. Created by
/// <see cref="ConvNetCatalog.ConvNet(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Network, Options)"/>
/// or by its constructor.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Input and output columns
/// The label column must be a [key](xref:Microsoft.ML.Data.KeyDataViewType); rows whose label is missing are left out. The
/// feature column must be an image (its pixels are scaled to 0…1) or a known-sized vector of <xref:System.Single>, in the order
/// channels×height×width, or height×width×channels when its type has these dimensions.
///
/// The trainer adds these columns:
///
/// | Output column | Type | Description |
/// | --- | --- | --- |
/// | `PredictedLabel` | key | The most probable class. |
/// | `Score` | vector of <xref:System.Single> | The probability of each class. |
///
/// ### Trainer characteristics
/// | | |
/// | --- | --- |
/// | Machine learning task | Multi-class classification |
/// | Is normalization required? | No for images; vectors should be scaled to about 0…1 |
/// | Is caching required? | No: the trainer reads the data once and keeps it |
/// | Required NuGet in addition to Microsoft.ML | ConvNet.ML |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
public sealed partial class ConvNetTrainer : IEstimator<ConvNetTransformer>
{
    private readonly IHost _host;
    private readonly Network _network;
    private readonly Options _options;
    private readonly TrainerOptions _trainerOptions;
    private readonly int _seed;
    private readonly ChosenDevice _device;

    /// <summary>Creates a trainer.</summary>
    /// <param name="env">The environment: an <see cref="MLContext"/>.</param>
    /// <param name="network">
    /// The network, from the shape of an image or feature vector to one number for each class. It stays as it is; if it has
    /// values already, the training starts from them.
    /// </param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="ArgumentException">The network has more than one input.</exception>
    public ConvNetTrainer(IHostEnvironment env, Network network, Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(env);
        ArgumentNullException.ThrowIfNull(network);
        _host = env.Register(nameof(ConvNetTrainer));
        _network = network;
        _options = (options ?? new Options()).Copy();
        if (network.Inputs.Count != 1)
            throw new ArgumentException($"The network must have one input; this one has {string.Join(" and ", network.Inputs.Select(i => $"'{i.Name}'"))}.", nameof(network));

        _options.Check();

        _device = ChosenDevice.Of(env, _options.Device) with
        {
            GpuOptions = new GpuOptions { VendorLibraries = _options.VendorLibraries, AllowTf32 = _options.AllowTf32, ExactConvolution = _options.ExactConvolution },
        };

        // Drawn once, so that each Fit of this trainer gives the same network.
        _seed = _options.Seed ?? _host.Rand.Next();
        _trainerOptions = new TrainerOptions
        {
            Epochs = _options.Epochs,
            BatchSize = _options.BatchSize,
            MicroBatchSize = _options.MicroBatchSize,
            LearningRate = _options.LearningRate,
            Schedule = _options.Schedule,
            Optimizer = _options.Optimizer,
            Loss = Loss.SoftmaxCrossEntropy,
            Seed = _seed,
            ValidationFraction = _options.ValidationSetFraction,
            EarlyStopping = _options.EarlyStopping,
            RecomputedSegments = _options.RecomputedSegments,
        };
    }

    /// <summary>Trains the network.</summary>
    /// <param name="input">The rows, with the label and feature columns. They are read once.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing.</exception>
    /// <exception cref="ArgumentException">A column has the wrong type or does not fit the network.</exception>
    /// <exception cref="InvalidOperationException">There are no rows with a label, a class occurs in none, or an image has the wrong size.</exception>
    /// <exception cref="GpuUnavailableException">There is no such GPU, and the environment does not fall back to the CPU.</exception>
    /// <exception cref="DivergedException">The loss became infinite or not a number.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled while the data was read, before there was a network.</exception>
    public ConvNetTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var label = Column(input.Schema, _options.LabelColumnName, "label");
        var features = Column(input.Schema, _options.FeatureColumnName, "feature");
        var labelType = LabelReader.Check(label);
        var classNames = ClassNames.Of(label);
        _ = FeatureReader.For(features, _network.Inputs[0]);
        CheckClasses(labelType);

        using var channel = _host.Start("Training");
        using var training = Read(channel, input, "training");
        CheckSeen(training.ClassCounts((int)labelType.Count), classNames);
        using var validation = _options.ValidationSet is { } set ? ReadValidation(channel, set, labelType, classNames) : null;

        var trainerOptions = _trainerOptions with
        {
            Progress = new ProgressReport(channel, _options.MetricsCallback),
            ProgressInterval = _options.MetricsCallback == null ? TimeSpan.MaxValue : TimeSpan.Zero,
            // Each set of rows has a checkpoint of its own: a fold of a cross-validation must not go on from another fold's.
            CheckpointPath = _options.WorkspacePath is { } folder ? Path.Combine(folder, $"training-{training.Fingerprint()}.checkpoint") : null,
        };
        var result = _device.Run(channel, "Training", OnGpu, OnCpu);
        channel.Info(MessageSensitivity.None, result.StopReason switch
        {
            StopReason.Cancelled => $"Cancelled after {result.History.Count} epochs; the network is that of epoch {result.BestEpoch}.",
            StopReason.EarlyStopping => $"Stopped early after {result.History.Count} epochs; the network is that of epoch {result.BestEpoch}.",
            _ => $"Trained {result.History.Count} epochs; the network is that of epoch {result.BestEpoch}.",
        });
        return new ConvNetTransformer(
            result.Network, new(_options.FeatureColumnName, _options.PredictedLabelColumnName, _options.ScoreColumnName),
            features.Type, labelType, classNames, new ScoringDevice(_host, _device));

        TrainingResult OnGpu(ConvNetDevice device)
        {
            using var backend = new GpuBackend(device, _device.GpuOptions);
            channel.Info(MessageSensitivity.None, $"Training on {backend.Device}, with {backend.Libraries}.");
            return Train(backend);
        }

        TrainingResult OnCpu()
        {
            using var backend = new CpuBackend(new CpuOptions { Threads = _options.Threads, ExactConvolution = _options.ExactConvolution, Tune = _options.TuneConvolutions });
            return Train(backend);
        }

        TrainingResult Train(IBackend backend) => new Trainer(backend, trainerOptions).Fit(_network, training, validation, _options.CancellationToken);
    }

    /// <summary>The shape of the schema after this stage.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var label = Column(inputSchema, _options.LabelColumnName, "label");
        var features = Column(inputSchema, _options.FeatureColumnName, "feature");
        if (!label.IsKey)
            throw Mismatch("label", label, "a key; add Conversion.MapValueToKey before the trainer");
        var isVector = features.Kind == SchemaShape.Column.VectorKind.Vector && features.ItemType == NumberDataViewType.Single && !features.IsKey;
        if (!isVector && features.ItemType is not Transforms.Image.ImageDataViewType)
            throw Mismatch("feature", features, "an image or a known-sized vector of Single");
        var added = OutputColumns.Shapes(label, _options.PredictedLabelColumnName, _options.ScoreColumnName);
        return new SchemaShape([.. inputSchema.Where(c => added.All(a => a.Name != c.Name)), .. added]);
    }

    private LabelledSamples Read(IChannel channel, IDataView data, string what)
    {
        var features = Column(data.Schema, _options.FeatureColumnName, "feature");
        var label = Column(data.Schema, _options.LabelColumnName, "label");
        var samples = LabelledSamples.Read(
            data, features, label, _network.Inputs[0], _options.Threads ?? Environment.ProcessorCount,
            _options.CacheBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, (_host as IHostEnvironmentInternal)?.TempFilePath, _options.CancellationToken);
        if (samples.Count > 0)
        {
            channel.Info(MessageSensitivity.None, $"Read {samples.Count} {what} rows{(samples.Unlabelled > 0 ? $"; left out {samples.Unlabelled} without a label" : "")}.");
            return samples;
        }

        samples.Dispose();
        throw new InvalidOperationException(samples.Unlabelled > 0
            ? $"The label column '{label.Name}' is missing in all {samples.Unlabelled} {what} rows."
            : $"There are no {what} rows: the data is empty.");
    }

    private LabelledSamples ReadValidation(IChannel channel, IDataView data, KeyDataViewType labelType, ClassNames? classNames)
    {
        var label = Column(data.Schema, _options.LabelColumnName, "validation set's label");
        Column(data.Schema, _options.FeatureColumnName, "validation set's feature");
        var names = ClassNames.Of(label);
        var sameClasses = label.Type is KeyDataViewType key && key.Count == labelType.Count && (names == null || classNames == null || names.SameAs(classNames));
        return sameClasses
            ? Read(channel, data, "validation")
            : throw new ArgumentException($"The label column '{label.Name}' of the validation set has {Classes(label.Type, names)}; that of the training data has {Classes(labelType, classNames)}. Map both with the same fitted MapValueToKey.");

        static string Classes(DataViewType type, ClassNames? names)
            => type is not KeyDataViewType key ? $"the type {type}" : $"{key.Count} classes{(names == null ? "" : $" ({names})")}";
    }

    private void CheckClasses(KeyDataViewType labelType)
    {
        var outputs = _network.Output.Shape;
        if ((ulong)outputs.C != labelType.Count || outputs.Plane != 1)
            throw new ArgumentException($"The label column '{_options.LabelColumnName}' has {labelType.Count} classes; the network's output '{_network.Output.Name}' is {outputs} and must have one number for each class.");
        if (outputs.Rank != 1)
            throw new ArgumentException($"The network's output '{_network.Output.Name}' is {outputs}; it must be a vector. Add Flatten().");
    }

    private void CheckSeen(int[] counts, ClassNames? names)
    {
        if (_options.AllowUnseenClasses || !counts.Contains(0))
            return;
        var unseen = counts.Index().Where(c => c.Item == 0).Select(c => names == null ? $"{c.Index + 1}" : $"'{names[c.Index]}'").ToArray();
        throw new InvalidOperationException(
            $"The label column '{_options.LabelColumnName}' has {counts.Length} classes, but no training row is of {string.Join(", ", unseen.Take(10))}{(unseen.Length > 10 ? $" and {unseen.Length - 10} more" : "")}. Such a class can never be predicted; set Options.AllowUnseenClasses if that is meant.");
    }

    private static DataViewSchema.Column Column(DataViewSchema schema, string name, string role)
        => schema.GetColumnOrNull(name)
            ?? throw new ArgumentOutOfRangeException(nameof(schema), $"The {role} column '{name}' is missing; there are {string.Join(", ", schema.Select(c => c.Name))}.");

    private static SchemaShape.Column Column(SchemaShape schema, string name, string role)
    {
        var column = schema.FirstOrDefault(c => c.Name == name);
        return column.Name != null
            ? column
            : throw new ArgumentOutOfRangeException(nameof(schema), $"The {role} column '{name}' is missing; there are {string.Join(", ", schema.Select(c => c.Name))}.");
    }

    private static ArgumentOutOfRangeException Mismatch(string role, SchemaShape.Column column, string expected)
        => new(nameof(column), $"The {role} column '{column.Name}' must be {expected}, but is {column.Kind} of {column.ItemType}.");

    /// <summary>Passes progress on to the log, one line for each epoch, and to the caller's callback.</summary>
    private sealed class ProgressReport(IChannel channel, Action<TrainingProgress>? callback) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.EndOfEpoch)
                channel.Info(MessageSensitivity.None, value.ToString());
            callback?.Invoke(value);
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.ML.ConvNet.Data;
using Microsoft.ML.ConvNet.Scoring;
using Microsoft.ML.ConvNet.Serialization;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// A trained network as a stage of a pipeline: adds a probability for each class and the most probable class. Made by
/// <see cref="ConvNetTrainer"/>. Rows are scored in batches; it may be used by several threads at once. Batches are scored where the trainer trained, or for a model that was
/// loaded, on the GPU of <see cref="MLContext.GpuDeviceId"/>, and on the CPU where there is none; single rows are always scored on the CPU.
/// </summary>
public sealed class ConvNetTransformer : ISingleFeaturePredictionTransformer<Network>, IDisposable
{
    // Both are in every saved model and stay for ever. A loader signature has at most 24 ASCII characters, a model signature 8.
    internal const string LoaderSignature = "ConvNetTransformer";
    private const string ModelSignature = "CONVNETM";
    private const uint Version = 0x00010001;

    private const string HeaderEntry = "Transformer.bin";
    private const string NetworkEntry = "Network.bin";

    private readonly Columns _columns;
    private readonly KeyDataViewType _labelType;
    private readonly ClassNames? _classNames;
    private readonly ScoringDevice _device;
    private readonly ConcurrentDictionary<(int Batch, bool OfPixels), Lazy<Predictor>> _predictors = new();

    internal ConvNetTransformer(Network network, Columns columns, DataViewType featureType, KeyDataViewType labelType, ClassNames? classNames, ScoringDevice device)
    {
        (Model, _columns, FeatureColumnType, _labelType, _classNames, _device) = (network, columns, featureType, labelType, classNames, device);
    }

    /// <summary>The trained network.</summary>
    public Network Model { get; }

    /// <summary>The name of the feature column.</summary>
    public string FeatureColumnName => _columns.Feature;

    /// <summary>The type that the feature column had in training.</summary>
    public DataViewType FeatureColumnType { get; }

    /// <summary>Always true: each output row comes from one input row.</summary>
    public bool IsRowToRowMapper => true;

    internal Type LabelType => _labelType.RawType;

    /// <summary>Adds the columns of the predicted label and the scores to a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing.</exception>
    /// <exception cref="ArgumentException">The feature column does not fit the network.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        CreateReader(inputSchema);
        return OutputColumns.AddTo(inputSchema, _labelType, _classNames, _columns.PredictedLabel, _columns.Score);
    }

    /// <summary>Scores data, lazily and in batches.</summary>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoredDataView(this, input);
    }

    /// <summary>A mapper that scores row by row.</summary>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoringMapper(this, inputSchema);

    /// <summary>Frees the memory of scoring. It comes back when the transformer, or a cursor or prediction engine of it, is used again.</summary>
    public void Dispose()
    {
        foreach (var key in _predictors.Keys)
        {
            if (_predictors.TryRemove(key, out var predictor) && predictor.IsValueCreated)
                predictor.Value.Dispose();
        }
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(VersionInfo());
        var header = new Header(_columns, FeatureTypeOf(FeatureColumnType), LabelType.Name, _labelType.Count, _classNames?.Store());
        ctx.SaveBinaryStream(HeaderEntry, writer => SlabFile.Write(writer.BaseStream, header));
        ctx.SaveBinaryStream(NetworkEntry, writer => ModelFile.Write(Model, writer.BaseStream));
    }

    internal Scorer CreateScorer(DataViewSchema inputSchema, int maxBatch)
        => new(this, CreateReader(inputSchema), (int)_labelType.Count, maxBatch);

    /// <summary>Predicts with the network that is compiled for a batch size, for inputs as floats or as pixels that lie four to a float.</summary>
    internal void Predict(int maxBatch, bool ofPixels, ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        // A prediction engine disposes the transformer with itself, perhaps while another one is at work here.
        while (!PredictorFor(maxBatch, ofPixels).TryPredict(inputs, outputs))
        {
        }
    }

    /// <summary>Called by ML.NET when it loads a model; see Interop/AccessChecks.cs.</summary>
    private static ConvNetTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(VersionInfo());
        Header? header = null;
        Network? network = null;
        if (!ctx.TryLoadBinaryStream(HeaderEntry, reader => header = SlabFile.Read<Header>(reader.BaseStream, $"The model's entry '{HeaderEntry}'").Header)
            || !ctx.TryLoadBinaryStream(NetworkEntry, reader => network = ModelFile.Read(reader.BaseStream, $"The model's entry '{NetworkEntry}'")))
        {
            throw new ModelFileException($"The model is damaged: it lacks the entry '{HeaderEntry}' or '{NetworkEntry}'.");
        }

        return new ConvNetTransformer(
            network!, header!.Columns, FeatureTypeOf(header.Feature), LabelTypeOf(header), header.ClassNames is { } names ? ClassNames.Restore(names) : null,
            new ScoringDevice(env.Register(nameof(ConvNetTransformer)), ChosenDevice.Of(env, option: null)));
    }

    private FeatureReader CreateReader(DataViewSchema schema)
    {
        var column = schema.GetColumnOrNull(_columns.Feature)
            ?? throw new ArgumentOutOfRangeException(nameof(schema), $"The feature column '{_columns.Feature}' is missing; there are {string.Join(", ", schema.Select(c => c.Name))}.");
        return FeatureReader.For(column, Model.Inputs[0]);
    }

    private Predictor PredictorFor(int maxBatch, bool ofPixels)
        => _predictors.GetOrAdd((maxBatch, ofPixels), key => new Lazy<Predictor>(() => _device.Compile(Model, key.Batch, key.OfPixels))).Value;

    private static VersionInfo VersionInfo() => new(
        modelSignature: ModelSignature,
        verWrittenCur: Version,
        verReadableCur: Version,
        verWeCanReadBack: Version,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(ConvNetTransformer).Assembly.FullName);

    private static KeyDataViewType LabelTypeOf(Header header)
    {
        Type[] types = [typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];
        var type = types.FirstOrDefault(t => t.Name == header.LabelType)
            ?? throw new ModelFileException($"The model's label has the unknown type '{header.LabelType}'.");
        return new KeyDataViewType(type, header.Classes);
    }

    private static StoredFeature FeatureTypeOf(DataViewType type) => type switch
    {
        Transforms.Image.ImageDataViewType image => new StoredFeature("Image", [image.Height, image.Width]),
        _ => new StoredFeature("Vector", [.. ((VectorDataViewType)type).Dimensions]),
    };

    private static DataViewType FeatureTypeOf(StoredFeature stored) => stored switch
    {
        { Kind: "Image", Dimensions: [> 0 and var height, > 0 and var width] } => new Transforms.Image.ImageDataViewType(height, width),
        { Kind: "Image" } => new Transforms.Image.ImageDataViewType(),
        { Kind: "Vector" } => new VectorDataViewType(NumberDataViewType.Single, stored.Dimensions),
        _ => throw new ModelFileException($"The model's features are of the unknown kind '{stored.Kind}'."),
    };

    /// <summary>The names of the columns that scoring reads and adds.</summary>
    internal sealed record Columns(string Feature, string PredictedLabel, string Score);

    private sealed record StoredFeature(string Kind, int[] Dimensions);

    private sealed record Header(Columns Columns, StoredFeature Feature, string LabelType, ulong Classes, ClassNames.StoredNames? ClassNames);
}

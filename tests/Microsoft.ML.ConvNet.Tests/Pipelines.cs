using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Pipelines that many tests share.</summary>
internal static class Pipelines
{
    /// <summary>Options for the vectors: a quick training.</summary>
    public static ConvNetTrainer.Options Quick(int epochs = 2) => new() { Epochs = epochs, BatchSize = 16, LearningRate = 0.01f };

    /// <summary>From text labels and vectors to predicted text labels.</summary>
    public static EstimatorChain<ITransformer> Vectors(MLContext ml, ConvNetTrainer.Options? options = null, Network? network = null)
        => ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.ConvNet(network ?? Samples.VectorNetwork(), options ?? Quick()))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Append<ITransformer>(ml.Transforms.CopyColumns("ScoreCopy", "Score"));

    /// <summary>From paths of images and text labels to predicted text labels.</summary>
    public static EstimatorChain<ITransformer> Files(MLContext ml, ConvNetTrainer.Options? options = null)
    {
        options ??= Quick(epochs: 15);
        options.FeatureColumnName = "Image";
        return ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.LoadImages("Image", "", "ImagePath"))
            .Append(ml.Transforms.ResizeImages("Image", Samples.ImageSize, Samples.ImageSize))
            .Append(ml.MulticlassClassification.Trainers.ConvNet(Samples.ImageNetwork(), options))
            .Append<ITransformer>(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    }

    /// <summary>The training data of <see cref="Train"/>.</summary>
    public static IDataView TrainingData(MLContext ml, int count = 60) => ml.Data.LoadFromEnumerable(Samples.Vectors(count));

    /// <summary>Maps the labels and trains on vectors, without further stages.</summary>
    public static ConvNetTransformer Train(MLContext ml, ConvNetTrainer.Options? options = null, Network? network = null, IDataView? data = null)
        => new ConvNetTrainer(ml, network ?? Samples.VectorNetwork(), options ?? Quick()).Fit(WithKeys(ml, data ?? TrainingData(ml)));

    public static IDataView WithKeys(MLContext ml, IDataView data) => ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);

    public static float[][] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score")];
}

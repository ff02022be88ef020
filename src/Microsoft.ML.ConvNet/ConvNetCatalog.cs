using Microsoft.ML.ConvNet;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Convolutional networks among the trainers of an <see cref="MLContext"/>.</summary>
public static class ConvNetCatalog
{
    /// <summary>
    /// Creates a <see cref="ConvNetTrainer"/>, which trains a convolutional network to tell classes apart.
    /// </summary>
    /// <param name="catalog">The multi-class trainers.</param>
    /// <param name="network">
    /// The network. Its input is the shape of an image, C×H×W with C = 1 (grey), 3 (red, green, blue) or 4 (and alpha), or that
    /// of a feature vector; its output has one number for each class.
    /// </param>
    /// <param name="labelColumnName">The name of the label column, a key.</param>
    /// <param name="featureColumnName">The name of the feature column, an image or a vector of <see cref="float"/>.</param>
    /// <param name="epochs">How often each row is seen.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the network of the best epoch is kept.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static ConvNetTrainer ConvNet(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        Network network,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        int epochs = 10,
        int batchSize = 32,
        float learningRate = 1e-3f,
        IDataView? validationSet = null)
        => ConvNet(catalog, network, new ConvNetTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            Epochs = epochs,
            BatchSize = batchSize,
            LearningRate = learningRate,
            ValidationSet = validationSet,
        });

    /// <summary>
    /// Creates a <see cref="ConvNetTrainer"/> with all its options, which trains a convolutional network to tell classes apart.
    /// </summary>
    /// <param name="catalog">The multi-class trainers.</param>
    /// <param name="network">
    /// The network. Its input is the shape of an image, C×H×W with C = 1 (grey), 3 (red, green, blue) or 4 (and alpha), or that
    /// of a feature vector; its output has one number for each class.
    /// </param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static ConvNetTrainer ConvNet(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, Network network, ConvNetTrainer.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new ConvNetTrainer(((IInternalCatalog)catalog).Environment, network, options);
    }
}

// Trains a convolutional network on images of clothes, from image files to a saved model, and proves that another process can
// load the model and use it.
//   dotnet run -c Release --project samples/FashionMnist
using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.ConvNet;
using Microsoft.ML.ConvNet.Samples.FashionMnist;
using Microsoft.ML.Data;

var data = Path.Combine(AppContext.BaseDirectory, "data");
var work = Path.Combine(Repository.Root, "artifacts", "fashion-mnist");
if (args is ["classify", var modelPath, var predictionsPath])
    return Classifier.Run(modelPath, TestFiles(), predictionsPath);

const int epochs = 16;
var ml = new MLContext(seed: 1);

Console.WriteLine("Writing the images as PNG files …");
var trainFiles = ImageFolder.Prepare(
    Path.Combine(work, "train"), Path.Combine(data, "train-images-idx3-ubyte.gz"), Path.Combine(data, "train-labels-idx1-ubyte.gz"));
var train = ml.Data.LoadFromEnumerable(trainFiles);
var test = ml.Data.LoadFromEnumerable(TestFiles());

var network = Network.Input(1, 28, 28)
    .Conv(24, kernel: 3, padding: 1, bias: false).BatchNorm().Relu()
    .Conv(24, kernel: 3, padding: 1, bias: false).BatchNorm().Relu().MaxPool(2).Dropout(0.25f)
    .Conv(48, kernel: 3, padding: 1, bias: false).BatchNorm().Relu()
    .Conv(48, kernel: 3, padding: 1, bias: false).BatchNorm().Relu().MaxPool(2).Dropout(0.3f)
    .Dense(128, bias: false).BatchNorm().Relu().Dropout(0.5f)
    .Dense(10);
Console.WriteLine(network.Summary());

using var progress = new ProgressBar(epochs, trainFiles.Count);
var pipeline = ml.Transforms.Conversion.MapValueToKey("Label")
    .Append(ml.Transforms.LoadImages("Image", "", "ImagePath"))
    .Append(ml.Transforms.ResizeImages("Image", 28, 28))
    .Append(ml.MulticlassClassification.Trainers.ConvNet(network, new ConvNetTrainer.Options
    {
        FeatureColumnName = "Image",
        Epochs = epochs,
        LearningRate = 2e-3f,
        Schedule = Schedule.Cosine(warmupEpochs: 1),
        Optimizer = Optimizer.AdamW(weightDecay: 0.02f),
        MetricsCallback = p =>
        {
            if (!p.EndOfEpoch)
                progress.Report(p.Epoch, Math.Min(p.Batch * 32, trainFiles.Count), p.Loss, p.Accuracy);
        },
    }))
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedClass", "PredictedLabel"));

var clock = Stopwatch.StartNew();
var model = pipeline.Fit(train);
progress.Dispose();
Console.WriteLine($"Trained on {trainFiles.Count} images in {clock.Elapsed.TotalSeconds:F0} s.");

var predictions = model.Transform(test);
var metrics = ml.MulticlassClassification.Evaluate(predictions);
Console.WriteLine($"""

    micro accuracy      {metrics.MicroAccuracy:F4}
    macro accuracy      {metrics.MacroAccuracy:F4}
    log-loss            {metrics.LogLoss:F4}
    log-loss reduction  {metrics.LogLossReduction:F4}

    """);
Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());

var zip = Path.Combine(work, "fashion-mnist.zip");
ml.Model.Save(model, train.Schema, zip);
Console.WriteLine($"Saved the model to {Path.GetRelativePath(Repository.Root, zip)} ({new FileInfo(zip).Length / 1024} KiB).");

var reloadedPath = Path.Combine(work, "reloaded.tsv");
var reloaded = Classifier.RunInAnotherProcess(zip, reloadedPath);
var here = ml.Data.CreateEnumerable<ImagePrediction>(predictions, reuseRowObject: false).ToArray();
var agree = here.Count(p => reloaded.TryGetValue(p.ImagePath, out var other) && other == Classifier.Line(p));
Console.WriteLine($"test accuracy {metrics.MicroAccuracy:F3}, reloaded model agrees on {agree} of {here.Length} images");
return agree == here.Length ? 0 : 1;

IReadOnlyList<ImageFile> TestFiles() => ImageFolder.Prepare(
    Path.Combine(work, "test"), Path.Combine(data, "t10k-images-idx3-ubyte.gz"), Path.Combine(data, "t10k-labels-idx1-ubyte.gz"));

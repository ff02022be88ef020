// Loads the model named first on the command line, whose trainer this program never mentions, classifies the images named
// after it, and prints a line for each.
using System.Globalization;
using Microsoft.ML;

var ml = new MLContext();
var model = ml.Model.Load(args[0], out _);
var images = ml.Data.LoadFromEnumerable(args[1..].Select(path => new ImageFile { ImagePath = path }));
foreach (var prediction in ml.Data.CreateEnumerable<Prediction>(model.Transform(images), reuseRowObject: false))
    Console.WriteLine($"{prediction.PredictedLabel} {string.Join(' ', prediction.Score.Select(s => s.ToString("R", CultureInfo.InvariantCulture)))}");

internal sealed class ImageFile
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

internal sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}

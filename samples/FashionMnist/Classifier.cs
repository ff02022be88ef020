using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.ConvNet.Samples.FashionMnist;

/// <summary>
/// What an application does with a saved model: loads it and classifies images. It names no type of Microsoft.ML.ConvNet.
/// </summary>
public static class Classifier
{
    /// <summary>Loads a model, classifies images, and writes a line for each.</summary>
    /// <param name="modelPath">The zip.</param>
    /// <param name="images">The images; their labels are not looked at.</param>
    /// <param name="predictionsPath">The file to write.</param>
    public static int Run(string modelPath, IReadOnlyList<ImageFile> images, string predictionsPath)
    {
        var ml = new MLContext();
        var model = ml.Model.Load(modelPath, out _);
        var predictions = model.Transform(ml.Data.LoadFromEnumerable(images));
        File.WriteAllLines(
            predictionsPath,
            ml.Data.CreateEnumerable<ImagePrediction>(predictions, reuseRowObject: false).Select(p => $"{p.ImagePath}\t{Line(p)}"));
        return 0;
    }

    /// <summary>Does the same in a new process, and returns the lines by image.</summary>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static IReadOnlyDictionary<string, string> RunInAnotherProcess(string modelPath, string predictionsPath)
    {
        File.Delete(predictionsPath);
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        // Started as `dotnet FashionMnist.dll`, the host has to be told the program again.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in new[] { "classify", modelPath, predictionsPath })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The process that loads the model again ended with exit code {process.ExitCode}.");
        return File.ReadLines(predictionsPath).Select(l => l.Split('\t', 2)).ToDictionary(l => l[0], l => l[1]);
    }

    /// <summary>A prediction as text, with every bit of the probabilities.</summary>
    public static string Line(ImagePrediction prediction)
        => $"{prediction.PredictedClass}\t{string.Join(' ', prediction.Score.Select(s => s.ToString("R", CultureInfo.InvariantCulture)))}";
}

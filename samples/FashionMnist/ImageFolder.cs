using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Samples.FashionMnist;

/// <summary>The images as files: a folder for each class, as an application would have them.</summary>
public static class ImageFolder
{
    private static readonly string[] _classes =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"];

    /// <summary>Writes the images of a pair of idx files as PNG files, unless they are there, and lists them.</summary>
    /// <param name="folder">The folder to write to.</param>
    /// <param name="imagesPath">The idx file of images.</param>
    /// <param name="labelsPath">The idx file of labels.</param>
    public static IReadOnlyList<ImageFile> Prepare(string folder, string imagesPath, string labelsPath)
    {
        var images = IdxFile.ReadImages(imagesPath);
        var labels = IdxFile.ReadLabels(labelsPath);
        foreach (var name in _classes)
            Directory.CreateDirectory(Path.Combine(folder, name));

        var files = new List<ImageFile>();
        for (var i = 0; i < images.Count; i++)
        {
            var name = _classes[labels[i]];
            var path = Path.Combine(folder, name, $"{i:D5}.png");
            if (!File.Exists(path))
                Write(path, images.Width, images.Height, images[i]);
            files.Add(new ImageFile { ImagePath = path, Label = name });
        }

        return files;
    }

    private static void Write(string path, int width, int height, ReadOnlySpan<byte> grey)
    {
        var pixels = new byte[4 * grey.Length];
        for (var i = 0; i < grey.Length; i++)
        {
            pixels.AsSpan(4 * i, 3).Fill(grey[i]);
            pixels[(4 * i) + 3] = 255;
        }

        using var image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        // Renamed once it is complete, so that an interrupted run leaves no half image behind.
        var temporary = Path.ChangeExtension(path, $".{Environment.ProcessId}.png");
        image.Save(temporary);
        File.Move(temporary, path, overwrite: true);
    }
}

/// <summary>A row: the path of an image and its class.</summary>
public sealed class ImageFile
{
    /// <summary>The path.</summary>
    public string ImagePath { get; set; } = "";

    /// <summary>The class.</summary>
    public string Label { get; set; } = "";
}

/// <summary>A row of predictions.</summary>
public sealed class ImagePrediction
{
    /// <summary>The path.</summary>
    public string ImagePath { get; set; } = "";

    /// <summary>The most probable class.</summary>
    public string PredictedClass { get; set; } = "";

    /// <summary>The probability of each class.</summary>
    public float[] Score { get; set; } = [];
}

using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>A row with the path of an image.</summary>
internal sealed class ImageFile
{
    public string ImagePath { get; set; } = "";

    public string? Label { get; set; } = "";
}

/// <summary>A row with an image in memory.</summary>
internal sealed class ImageRow
{
    [ImageType(Samples.ImageSize, Samples.ImageSize)]
    public MLImage? Image { get; set; }

    public string Label { get; set; } = "";
}

/// <summary>A row with a small grey image as a vector.</summary>
internal sealed class VectorRow
{
    public int Index { get; set; }

    [VectorType(1, Samples.Size, Samples.Size)]
    public float[] Features { get; set; } = [];

    public string? Label { get; set; } = "";
}

/// <summary>A prediction with everything that tests look at.</summary>
internal sealed class Prediction
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}

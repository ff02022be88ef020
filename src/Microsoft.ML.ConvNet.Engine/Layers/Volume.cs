namespace Microsoft.ML.ConvNet;

/// <summary>Depth, height and width, for windows, strides, paddings and dilations over volumes. One number stands for all three.</summary>
/// <param name="Depth">Along the depth.</param>
/// <param name="Height">Along the height.</param>
/// <param name="Width">Along the width.</param>
public readonly record struct Volume(int Depth, int Height, int Width)
{
    /// <summary>The same number all ways.</summary>
    public static implicit operator Volume(int all) => new(all, all, all);

    /// <summary>Depth, height and width from a triple.</summary>
    public static implicit operator Volume((int Depth, int Height, int Width) triple) => new(triple.Depth, triple.Height, triple.Width);
}

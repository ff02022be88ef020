namespace Microsoft.ML.ConvNet;

/// <summary>Height and width, for windows, strides and dilations. One number stands for both.</summary>
/// <param name="Height">Along the height.</param>
/// <param name="Width">Along the width.</param>
public readonly record struct Size(int Height, int Width)
{
    /// <summary>The same number both ways.</summary>
    public static implicit operator Size(int both) => new(both, both);

    /// <summary>Height and width from a pair.</summary>
    public static implicit operator Size((int Height, int Width) pair) => new(pair.Height, pair.Width);
}

/// <summary>Depth, height and width, for windows, strides and dilations. One number stands for all three.</summary>
/// <param name="Depth">Along the depth.</param>
/// <param name="Height">Along the height.</param>
/// <param name="Width">Along the width.</param>
public readonly record struct Volume(int Depth, int Height, int Width)
{
    /// <summary>The same number all three ways.</summary>
    public static implicit operator Volume(int all) => new(all, all, all);

    /// <summary>Depth, height and width from a triple.</summary>
    public static implicit operator Volume((int Depth, int Height, int Width) triple) => new(triple.Depth, triple.Height, triple.Width);
}

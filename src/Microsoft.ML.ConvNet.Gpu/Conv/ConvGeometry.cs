namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>The extents of a convolution of x to y, the same for the forward pass and both gradients.</summary>
public struct ConvGeometry
{
    /// <summary>How the filters move.</summary>
    public WindowGeometry Window;

    /// <summary>The channels of x, the filters, and how many of each a group has.</summary>
    public Divisor Channels, Filters, GroupChannels, GroupFilters;
}

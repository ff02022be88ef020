namespace Microsoft.ML.ConvNet;

/// <summary>Which elements of an activation lie side by side in memory, ready to be loaded as one vector.</summary>
public enum LayoutKind
{
    /// <summary>N×C×H×W: the places of a row. Everything that users see is plain.</summary>
    Plain,

    /// <summary>N×(C/L)×H×W×L: L channels of one place, known as NCHW16c where L is 16. L divides C.</summary>
    ChannelLanes,

    /// <summary>(N/L)×C×H×W×L: L samples of one place, known as CHWN16 where L is 16. Lanes without a sample hold finite numbers.</summary>
    BatchLanes,
}

/// <summary>How the elements of an activation lie in memory. It belongs to the plan: no op and no result depends on it.</summary>
/// <param name="Kind">What the lanes are.</param>
/// <param name="Lanes">The number of lanes, L; 1 where the layout is plain.</param>
public readonly record struct Layout(LayoutKind Kind, int Lanes)
{
    /// <summary>N×C×H×W.</summary>
    public static Layout Plain => new(LayoutKind.Plain, 1);

    /// <summary>Channels in the lanes.</summary>
    public static Layout ChannelLanes(int lanes) => new(LayoutKind.ChannelLanes, lanes);

    /// <summary>Samples in the lanes.</summary>
    public static Layout BatchLanes(int lanes) => new(LayoutKind.BatchLanes, lanes);

    /// <summary>Whether a tensor of this type can lie like this: any with a batch, and channels that fill the lanes.</summary>
    public bool Fits(TensorType type)
        => Kind == LayoutKind.Plain || (type.Batched && (Kind == LayoutKind.BatchLanes || type.Shape.C % Lanes == 0));

    /// <summary>The number of samples that memory is needed for: <paramref name="batch"/>, or whole groups of lanes.</summary>
    public int PaddedBatch(int batch) => Kind == LayoutKind.BatchLanes ? (batch + Lanes - 1) / Lanes * Lanes : batch;

    /// <summary>The index in memory of one element of a tensor with this layout.</summary>
    /// <param name="shape">The shape of one sample.</param>
    /// <param name="sample">Which sample.</param>
    /// <param name="channel">Which channel.</param>
    /// <param name="place">Which of the channel's elements, row after row.</param>
    public long IndexOf(Shape shape, int sample, int channel, int place) => Kind switch
    {
        LayoutKind.ChannelLanes => (((((long)sample * (shape.C / Lanes)) + (channel / Lanes)) * shape.Plane + place) * Lanes) + (channel % Lanes),
        LayoutKind.BatchLanes => (((((long)(sample / Lanes) * shape.C) + channel) * shape.Plane + place) * Lanes) + (sample % Lanes),
        _ => (((long)sample * shape.C) + channel) * shape.Plane + place,
    };

    /// <summary>The short name, such as "C16".</summary>
    public override string ToString() => Kind switch
    {
        LayoutKind.ChannelLanes => $"C{Lanes}",
        LayoutKind.BatchLanes => $"N{Lanes}",
        _ => "plain",
    };
}

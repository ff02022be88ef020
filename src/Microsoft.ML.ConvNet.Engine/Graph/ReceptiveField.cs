using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// What one element of a node sees of the network's input along one axis: element i sees the input elements
/// Offset + i·Stride … Offset + i·Stride + Size − 1, as far as they exist (Araujo, Norris &amp; Sim 2019, Computing receptive fields
/// of convolutional neural networks). Padding shows as an offset below zero.
/// </summary>
/// <param name="Size">The number of input elements.</param>
/// <param name="Stride">The input elements between two neighbours; a fraction behind an upsampling.</param>
/// <param name="Offset">The first input element that element 0 sees.</param>
public readonly record struct AxisField(double Size, double Stride, double Offset)
{
    /// <summary>The last input element that element 0 sees.</summary>
    internal double Last => Offset + Size - 1;

    /// <summary>What is seen through windows on this.</summary>
    internal AxisField Behind(WindowAxis window)
        => new(Size + ((window.Extent - 1) * Stride), Stride * window.Stride, Offset - (window.Before * Stride));

    /// <summary>
    /// What is seen behind the adjoint of windows: output p is made of the inputs i with i·stride − before + t·dilation = p, from
    /// (p + before − extent + 1)/stride to (p + before)/stride.
    /// </summary>
    internal AxisField BehindTransposed(WindowAxis window)
    {
        var first = (window.Before - window.Extent + 1) / (double)window.Stride;
        var last = window.Before / (double)window.Stride;
        return new(Size + ((last - first) * Stride), Stride / window.Stride, Offset + (first * Stride));
    }

    /// <summary>What is seen behind a linear map of the axis: as much as any of its outputs sees.</summary>
    internal AxisField Behind(AxisMap map)
    {
        var step = (double)map.Inputs / map.Outputs;
        var (first, last) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var o = 0; o < map.Outputs; o++)
        {
            if (map[o].Length > 0)
                (first, last) = (Math.Min(first, map[o][0].Input - (o * step)), Math.Max(last, map[o][^1].Input - (o * step)));
        }

        return new(Size + ((last - first) * Stride), step * Stride, Offset + (first * Stride));
    }

    /// <summary>What two values see together. Their strides are the same, or one of them sees everything.</summary>
    internal AxisField And(AxisField other)
    {
        var offset = Math.Min(Offset, other.Offset);
        return new(Math.Max(Last, other.Last) - offset + 1, Math.Max(Stride, other.Stride), offset);
    }
}

/// <summary>The receptive field of a node: what one of its elements sees of the network's input, along height and width.</summary>
/// <param name="Height">Along the height.</param>
/// <param name="Width">Along the width.</param>
public sealed record ReceptiveField(AxisField Height, AxisField Width)
{
    /// <summary>
    /// The receptive field of a node, through all paths from the input, or null where an element sees the whole input, as behind dense layers
    /// and global pooling.
    /// </summary>
    public static ReceptiveField? Of(Node node)
    {
        var fields = new Dictionary<Node, ReceptiveField?>();
        var seeing = new HashSet<Node>();
        foreach (var next in Traversal.Order([node]))
        {
            var inputs = next.Inputs.Where(seeing.Contains).ToArray();
            if (next.Op is not InputOp && inputs.Length == 0)
                continue;
            seeing.Add(next);
            fields[next] = next.Op is InputOp ? new(new(1, 1, 0), new(1, 1, 0)) : Behind(next, inputs, fields);
        }

        return fields.TryGetValue(node, out var field) ? field : null;
    }

    /// <summary>For example "9×9, stride 4".</summary>
    public override string ToString()
    {
        var size = Height.Size == Width.Size ? $"{Width.Size}×{Width.Size}" : $"{Height.Size}×{Width.Size}";
        return Height.Stride == 1 && Width.Stride == 1 ? size
            : FormattableString.Invariant($"{size}, stride {(Height.Stride == Width.Stride ? $"{Width.Stride}" : $"{Height.Stride}×{Width.Stride}")}");
    }

    private static ReceptiveField? Behind(Node node, Node[] inputs, Dictionary<Node, ReceptiveField?> fields)
    {
        var seen = inputs.Select(i => fields[i]).ToArray();
        if (seen.Contains(null))
            return null;
        var field = seen.Aggregate((a, b) => new(a!.Height.And(b!.Height), a.Width.And(b.Width)))!;
        return node.Op switch
        {
            ConvTransposeOp op => new(field.Height.BehindTransposed(op.Window.Height), field.Width.BehindTransposed(op.Window.Width)),
            IWindowed op => new(field.Height.Behind(op.Window.Height), field.Width.Behind(op.Window.Width)),
            ResampleOp op => new(
                field.Height.Behind(op.Map(inputs[0].Shape.H, node.Shape.H)), field.Width.Behind(op.Map(inputs[0].Shape.W, node.Shape.W))),
            _ => inputs.All(i => SamePlaces(i.Shape, node.Shape)) ? field : null,
        };
    }

    /// <summary>Whether the spatial extents are the same, so that each place comes from its own.</summary>
    private static bool SamePlaces(Shape input, Shape output)
        => input.Rank == output.Rank && input.Rank > 1 && input.AsSpan()[1..].SequenceEqual(output.AsSpan()[1..]);
}

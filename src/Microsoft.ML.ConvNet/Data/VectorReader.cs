using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Data;

/// <summary>
/// Reads vectors of floats. A vector whose type has the dimensions H×W×C, as ExtractPixels makes it when interleaved, is
/// brought into the network's C×H×W; any other of the right length is taken as it is.
/// </summary>
internal sealed class VectorReader : FeatureReader
{
    private readonly string _column;
    private readonly Shape _shape;
    private readonly bool _interleaved;

    public VectorReader(string column, Node input, VectorDataViewType type)
    {
        (_column, _shape) = (column, input.Shape);
        if (!type.IsKnownSize)
            throw new ArgumentException($"The feature column '{column}' must be a vector of known size, but is {type}.");
        if (type.Size != input.Shape.Length)
            throw new ArgumentException($"The feature column '{column}' is {type} with {type.Size} numbers; the network's input '{input.Name}' is {input.Shape} with {input.Shape.Length}.");
        var dimensions = type.Dimensions;
        _interleaved = _shape.Rank == 3 && dimensions.Length == 3
            && !dimensions.SequenceEqual([_shape.C, _shape.H, _shape.W])
            && dimensions.SequenceEqual([_shape.H, _shape.W, _shape.C]);
        if (dimensions.Length == 3 && _shape.Rank == 3 && !_interleaved && !dimensions.SequenceEqual([_shape.C, _shape.H, _shape.W]))
            throw new ArgumentException($"The feature column '{column}' has the dimensions {string.Join('×', dimensions)}; the network's input '{input.Name}' is {input.Shape} (channels×height×width).");
    }

    public override int RowBytes => _shape.Length * sizeof(float);

    public override bool HasPixels => false;

    public override RowReader Bind(DataViewRow row)
    {
        var getter = row.GetGetter<VBuffer<float>>(row.Schema[_column]);
        var name = NameOf(row);
        var vector = default(VBuffer<float>);
        var interleaved = new float[_interleaved ? _shape.Length : 0];
        return bytes =>
        {
            getter(ref vector);
            if (vector.Length != _shape.Length)
                throw new InvalidOperationException($"The vector in column '{_column}' of {name()} has {vector.Length} numbers, not {_shape.Length}.");
            var features = MemoryMarshal.Cast<byte, float>(bytes);
            vector.CopyTo(_interleaved ? interleaved : features);
            if (_interleaved)
                Separate(interleaved, features);
        };
    }

    public override void Decode(ReadOnlySpan<byte> row, Span<float> features) => MemoryMarshal.Cast<byte, float>(row).CopyTo(features);

    private void Separate(ReadOnlySpan<float> pixels, Span<float> planes)
    {
        var (channels, count) = (_shape.C, _shape.Plane);
        for (var channel = 0; channel < channels; channel++)
        {
            for (var i = 0; i < count; i++)
                planes[(channel * count) + i] = pixels[(i * channels) + channel];
        }
    }
}

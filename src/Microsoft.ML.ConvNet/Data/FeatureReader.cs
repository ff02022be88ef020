using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.ConvNet.Data;

/// <summary>
/// Reads the feature column into the network's layout, C×H×W: images as bytes, vectors as floats, both as bytes in memory so
/// that one cache serves both.
/// </summary>
internal abstract class FeatureReader
{
    /// <summary>The bytes of one row.</summary>
    public abstract int RowBytes { get; }

    /// <summary>The floats whose place a row's bytes take: the network's input as it is, or pixels that lie four to a float.</summary>
    public int RowFloats => (RowBytes + sizeof(float) - 1) / sizeof(float);

    /// <summary>Whether a row's bytes are pixels, one for each number; else they are the numbers as floats.</summary>
    public abstract bool HasPixels { get; }

    /// <summary>Binds the reader to a row; the result fills a row's bytes from where the row is.</summary>
    public abstract RowReader Bind(DataViewRow row);

    /// <summary>Turns a row's bytes into what the network receives: pixels in 0…1, or the vector's numbers.</summary>
    public abstract void Decode(ReadOnlySpan<byte> row, Span<float> features);

    /// <summary>Chooses the reader for a column.</summary>
    /// <param name="column">The column.</param>
    /// <param name="input">The network's input node.</param>
    /// <exception cref="ArgumentException">The column is no image and no vector, or does not fit the network.</exception>
    public static FeatureReader For(DataViewSchema.Column column, Node input) => column.Type switch
    {
        ImageDataViewType image => new ImageReader(column.Name, input, image),
        VectorDataViewType { ItemType: NumberDataViewType item } vector when item == NumberDataViewType.Single => new VectorReader(column.Name, input, vector),
        _ => throw new ArgumentException(
            $"The feature column '{column.Name}' must be an image or a known-sized vector of Single, but is {column.Type}."),
    };

    /// <summary>
    /// Makes a function that says for messages which row it is. The id is the number of the row where the data comes from;
    /// the position would count the rows of one cursor out of several.
    /// </summary>
    protected static Func<string> NameOf(DataViewRow row)
    {
        var getter = row.GetIdGetter();
        return () =>
        {
            var id = default(DataViewRowId);
            getter(ref id);
            return id.High == 0 ? $"row {id.Low}" : $"the row with the id {id}";
        };
    }
}

/// <summary>Fills the bytes of the current row.</summary>
internal delegate void RowReader(Span<byte> row);

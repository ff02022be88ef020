using Microsoft.ML.ConvNet.Ops;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.ConvNet.Data;

/// <summary>
/// Reads images right from their pixels, one byte for each channel. ML.NET's images have 32 bits a pixel, grey files too.
/// An image belongs to the stage that made it, and is never disposed here.
/// </summary>
internal sealed class ImageReader : FeatureReader
{
    private readonly string _column;
    private readonly Node _input;

    public ImageReader(string column, Node input, ImageDataViewType type)
    {
        (_column, _input) = (column, input);
        if (input.Shape.Rank != 3 || input.Shape.C is not (1 or 3 or 4))
            throw new ArgumentException($"The feature column '{column}' holds images, but the network's input '{input.Name}' is {input.Shape}; it must be C×H×W with C = 1 (grey), 3 (red, green, blue) or 4 (and alpha).");
        if (type.Height > 0 && type.Width > 0 && !Fits(type.Width, type.Height))
            throw new ArgumentException(Misfit($"The feature column '{column}' holds images of", type.Width, type.Height));
    }

    public override int RowBytes => _input.Shape.Length;

    public override bool HasPixels => true;

    public override RowReader Bind(DataViewRow row)
    {
        var getter = row.GetGetter<MLImage>(row.Schema[_column]);
        var name = NameOf(row);
        MLImage? image = null;
        return pixels =>
        {
            try
            {
                getter(ref image!);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The image in column '{_column}' of {name()} cannot be read: {error.Message}", error);
            }

            // ResizeImages leaves the disposed image of the row before where it finds none.
            if (image == null || IsDisposed(image))
                throw new InvalidOperationException($"The image in column '{_column}' of {name()} is missing or disposed; filter such rows out before training or scoring.");
            if (!Fits(image.Width, image.Height))
                throw new InvalidOperationException(Misfit($"The image in column '{_column}' of {name()}{(image.Tag is { Length: > 0 } tag ? $" ('{tag}')" : "")} is", image.Width, image.Height));
            Planes(image, pixels);
        };
    }

    public override void Decode(ReadOnlySpan<byte> row, Span<float> features) => PixelsOp.Unpack(row, features);

    private static bool IsDisposed(MLImage image)
    {
        try
        {
            return image.Width == 0;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private void Planes(MLImage image, Span<byte> planes)
    {
        var pixels = image.Pixels;
        var count = image.Width * image.Height;
        var (red, blue) = image.PixelFormat == MLPixelFormat.Bgra32 ? (2, 0) : (0, 2);
        if (_input.Shape.C == 1)
        {
            for (var i = 0; i < count; i++)
                planes[i] = Luma(pixels[(4 * i) + red], pixels[(4 * i) + 1], pixels[(4 * i) + blue]);
            return;
        }

        ReadOnlySpan<int> order = [red, 1, blue, 3];
        for (var channel = 0; channel < _input.Shape.C; channel++)
        {
            var plane = planes.Slice(channel * count, count);
            var offset = order[channel];
            for (var i = 0; i < count; i++)
                plane[i] = pixels[(4 * i) + offset];
        }
    }

    // ITU-R BT.709 weights as 16-bit fractions that add up to one, so that grey stays grey.
    private static byte Luma(int red, int green, int blue) => (byte)(((13933 * red) + (46871 * green) + (4732 * blue) + 32768) >> 16);

    private bool Fits(int width, int height) => height == _input.Shape.H && width == _input.Shape.W;

    private string Misfit(string what, int width, int height)
        => $"{what} {height}×{width}; the network's input '{_input.Name}' expects {_input.Shape.H}×{_input.Shape.W}. Add ResizeImages(\"{_column}\", {_input.Shape.W}, {_input.Shape.H}) before it.";
}

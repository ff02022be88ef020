// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: images of another size.
// The geometry is the real one. The filter is a triangle as wide as the reduction, where the real library's is a bicubic
// or a mipmap: values between pixels differ a little. Filling takes the nearest pixel, in both.
namespace Microsoft.ML.Data;

internal static class ImageResampling
{
    public static MLImage Resize(MLImage image, int width, int height, ImageResizeMode mode)
    {
        if (mode == ImageResizeMode.Fill)
            return Nearest(image, width, height);

        var widthAspect = (float)width / image.Width;
        var heightAspect = (float)height / image.Height;
        // Padding shows the whole image, cropping fills the whole target.
        var widthDecides = heightAspect < widthAspect != (mode == ImageResizeMode.Pad);
        var aspect = widthDecides ? widthAspect : heightAspect;
        var spareX = width - image.Width * aspect;
        var spareY = height - image.Height * aspect;
        var (x, y) = (widthDecides, mode) switch
        {
            (true, ImageResizeMode.CropAnchorTop) => (0, 0),
            (true, ImageResizeMode.CropAnchorBottom) => (0, (int)spareY),
            (true, _) => (0, (int)(spareY / 2)),
            (false, ImageResizeMode.CropAnchorLeft) => (0, 0),
            (false, ImageResizeMode.CropAnchorRight) => ((int)spareX, 0),
            (false, _) => ((int)(spareX / 2), 0),
        };
        return Draw(image, width, height, x, y, (int)(image.Width * aspect), (int)(image.Height * aspect));
    }

    private static MLImage Nearest(MLImage image, int width, int height)
    {
        var source = image.Pixels;
        var pixels = new byte[4 * width * height];
        for (var y = 0; y < height; y++)
        {
            var row = (int)((y + 0.5) * image.Height / height) * image.Width;
            for (var x = 0; x < width; x++)
                source.Slice(4 * (row + (int)((x + 0.5) * image.Width / width)), 4).CopyTo(pixels.AsSpan(4 * (y * width + x)));
        }
        return new MLImage(width, height, image.PixelFormat, pixels);
    }

    private static MLImage Draw(MLImage image, int width, int height, int left, int top, int drawnWidth, int drawnHeight)
    {
        var source = image.Pixels;
        var columns = Taps(image.Width, drawnWidth, left, width);
        var rows = Taps(image.Height, drawnHeight, top, height);
        var pixels = new byte[4 * width * height];

        // First across, then down: the intermediate image has the source's rows and the target's columns.
        var across = new float[4 * width * image.Height];
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (columns[x] is not { } taps)
                    continue;
                var to = across.AsSpan(4 * (y * width + x), 4);
                for (var i = 0; i < taps.Weights.Length; i++)
                {
                    var from = source.Slice(4 * (y * image.Width + taps.First + i), 4);
                    for (var channel = 0; channel < 4; channel++)
                        to[channel] += taps.Weights[i] * from[channel];
                }
            }
        }
        for (var y = 0; y < height; y++)
        {
            if (rows[y] is not { } taps)
                continue;
            for (var x = 0; x < width; x++)
            {
                if (columns[x] == null)
                    continue;
                var to = pixels.AsSpan(4 * (y * width + x), 4);
                for (var channel = 0; channel < 3; channel++)
                {
                    var sum = 0.5f;
                    for (var i = 0; i < taps.Weights.Length; i++)
                        sum += taps.Weights[i] * across[4 * ((taps.First + i) * width + x) + channel];
                    to[channel] = (byte)Math.Clamp(sum, 0, 255);
                }
                to[3] = 255;
            }
        }
        return new MLImage(width, height, image.PixelFormat, pixels);
    }

    /// <summary>For each target position inside the drawn range, the source positions it is made of and their weights.</summary>
    private static (int First, float[] Weights)?[] Taps(int sourceSize, int drawnSize, int offset, int targetSize)
    {
        var result = new (int, float[])?[targetSize];
        var scale = (double)sourceSize / drawnSize;
        var radius = Math.Max(1, scale);
        for (var target = Math.Max(0, offset); target < Math.Min(targetSize, offset + drawnSize); target++)
        {
            var center = (target - offset + 0.5) * scale - 0.5;
            var first = Math.Max(0, (int)Math.Ceiling(center - radius));
            var last = Math.Min(sourceSize - 1, (int)Math.Floor(center + radius));
            var weights = new float[last - first + 1];
            var sum = 0f;
            for (var i = 0; i < weights.Length; i++)
                sum += weights[i] = (float)Math.Max(0, 1 - Math.Abs(first + i - center) / radius);
            for (var i = 0; i < weights.Length; i++)
                weights[i] /= sum;
            result[target] = (first, weights);
        }
        return result;
    }
}

// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: JPEG files through libturbojpeg, where it is installed.
using System.Runtime.InteropServices;

namespace Microsoft.ML.Data;

internal static unsafe class Jpeg
{
    private const string Library = "libturbojpeg.so.0";
    private const int Bgra = 8;
    private const int Rgba = 7;
    private const int NoSubsampling = 0;
    private const int Quality = 100;

    public static MLImage Decode(ReadOnlySpan<byte> file)
    {
        CheckLibrary("reading");
        var handle = tjInitDecompress();
        try
        {
            fixed (byte* input = file)
            {
                if (tjDecompressHeader3(handle, input, (nuint)file.Length, out var width, out var height, out _, out _) != 0)
                    throw new InvalidDataException(LastError(handle));
                var pixels = new byte[checked(4 * width * height)];
                fixed (byte* output = pixels)
                {
                    if (tjDecompress2(handle, input, (nuint)file.Length, output, width, 4 * width, height, Bgra, 0) != 0)
                        throw new InvalidDataException(LastError(handle));
                }
                return new MLImage(width, height, MLPixelFormat.Bgra32, pixels);
            }
        }
        finally
        {
            _ = tjDestroy(handle);
        }
    }

    public static byte[] Encode(MLImage image)
    {
        CheckLibrary("writing");
        var handle = tjInitCompress();
        byte* file = null;
        try
        {
            fixed (byte* pixels = image.Pixels)
            {
                var format = image.PixelFormat == MLPixelFormat.Bgra32 ? Bgra : Rgba;
                if (tjCompress2(handle, pixels, image.Width, 4 * image.Width, image.Height, format, ref file, out var length, NoSubsampling, Quality, 0) != 0)
                    throw new InvalidOperationException(LastError(handle));
                return new ReadOnlySpan<byte>(file, checked((int)length)).ToArray();
            }
        }
        finally
        {
            if (file != null)
                tjFree(file);
            _ = tjDestroy(handle);
        }
    }

    private static void CheckLibrary(string doing)
    {
        if (!NativeLibrary.TryLoad(Library, typeof(Jpeg).Assembly, null, out _))
            throw new NotSupportedException($"without Microsoft.ML's packages, {doing} JPEG images needs {Library}, which is not installed. PNG and BMP need nothing.");
    }

    private static string LastError(nint handle) => Marshal.PtrToStringUTF8(tjGetErrorStr2(handle));

    [DllImport(Library)]
    private static extern nint tjInitDecompress();

    [DllImport(Library)]
    private static extern nint tjInitCompress();

    [DllImport(Library)]
    private static extern int tjDestroy(nint handle);

    [DllImport(Library)]
    private static extern void tjFree(byte* buffer);

    [DllImport(Library)]
    private static extern nint tjGetErrorStr2(nint handle);

    [DllImport(Library)]
    private static extern int tjDecompressHeader3(nint handle, byte* file, nuint length, out int width, out int height, out int subsampling, out int colorspace);

    [DllImport(Library)]
    private static extern int tjDecompress2(nint handle, byte* file, nuint length, byte* pixels, int width, int pitch, int height, int format, int flags);

    [DllImport(Library)]
    private static extern int tjCompress2(
        nint handle, byte* pixels, int width, int pitch, int height, int format, ref byte* file, out nuint length, int subsampling, int quality, int flags);
}

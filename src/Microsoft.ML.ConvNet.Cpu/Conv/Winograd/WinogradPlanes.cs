using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>One block of channels of a batch of images, whose planes hold whole vectors.</summary>
/// <param name="images">The batch.</param>
/// <param name="channel">The first channel of the block.</param>
/// <param name="strides">How far apart blocks and images lie.</param>
/// <param name="height">Its rows.</param>
/// <param name="width">Its columns.</param>
internal readonly unsafe struct WinogradPlanes<S, V>(float* images, int channel, ImageStrides strides, int height, int width)
    where S : struct, ISimd<V>
    where V : struct
{
    private readonly float* _first = images + (channel / S.Count * strides.Block);

    /// <summary>Floats from a row to the next.</summary>
    public nint RowStride => (nint)width * S.Count;

    /// <summary>Where a place lies, which may be outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At(int sample, int y, int x) => _first + (sample * strides.Sample) + ((((nint)y * width) + x) * S.Count);

    /// <summary>The rows and columns of a square that are there from a place on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (int Rows, int Columns) Inside(int y, int x, int size) => (Math.Min(size, height - y), Math.Min(size, width - x));

    /// <summary>Fetches a square of places, also outside: below the last row lies the next plane, which is needed next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(int sample, int y, int x, int size)
    {
        var first = At(sample, y, x);
        for (nint row = 0; row < size; row++)
        {
            for (nint column = 0; column < size; column++)
                Prefetch.Line(first + (row * RowStride) + (column * S.Count));
        }
    }

    /// <summary>A square of places: where it lies, or where it reaches beyond the image a copy that is zero there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Square(int sample, int y, int x, int size, float* copy, out nint rowStride)
    {
        if (y >= 0 && x >= 0 && y + size <= height && x + size <= width)
        {
            rowStride = RowStride;
            return At(sample, y, x);
        }

        rowStride = size * S.Count;
        CopyPart(sample, y, x, size, copy);
        return copy;
    }

    [MethodImpl(Hot.Loop)]
    private void CopyPart(int sample, int y, int x, int size, float* copy)
    {
        var (first, end) = (Math.Max(0, -x), Math.Min(size, width - x));
        for (var row = 0; row < size; row++, copy += size * S.Count)
        {
            var inside = y + row >= 0 && y + row < height;
            var source = At(sample, y + row, x);
            for (var column = 0; column < size; column++)
            {
                var value = inside && column >= first && column < end ? S.Load(source + (column * S.Count)) : S.Create(0f);
                S.Store(value, copy + (column * S.Count));
            }
        }
    }
}

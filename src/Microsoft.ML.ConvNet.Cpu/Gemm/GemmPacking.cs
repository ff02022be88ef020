using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Copies a block of a matrix so that the micro-kernel reads it in order: for every k, <c>width</c> adjacent floats,
/// those beyond the matrix zero. Idea: where the matrix is adjacent along the width, copy; where it is adjacent along k,
/// transpose 4×4 blocks in registers. Layout: [k][width]. Lanes: 4 (transposes of 4 exist on every machine).
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>Steps transposed at a time: long enough for the prefetcher, and 128 rows of the widest panel are half an L1.</summary>
    private const int StepsAtATime = 128;

    /// <param name="source">Element (k = 0, column 0).</param>
    /// <param name="depthStride">Floats from a step of k to the next.</param>
    /// <param name="widthStride">Floats from a column to the next.</param>
    /// <param name="depth">Steps of k.</param>
    /// <param name="columns">Columns that exist.</param>
    /// <param name="width">Columns of the panel, at least <paramref name="columns"/>.</param>
    /// <param name="panel">Receives depth × width floats.</param>
    public static void Pack(float* source, nint depthStride, nint widthStride, int depth, int columns, int width, float* panel)
    {
        if (widthStride == 1)
            Copy(source, depthStride, depth, columns, width, panel);
        else
            Transpose(source, depthStride, widthStride, depth, columns, width, panel);
    }

    [MethodImpl(Hot.Loop)]
    private static void Copy(float* source, nint depthStride, int depth, int columns, int width, float* panel)
    {
        for (var k = 0; k < depth; k++, source += depthStride, panel += width)
        {
            var j = 0;
            for (; j <= columns - 16; j += 16)
                Vector512.Load(source + j).Store(panel + j);
            for (; j <= columns - 4; j += 4)
                Vector128.Load(source + j).Store(panel + j);
            for (; j < columns; j++)
                panel[j] = source[j];
            for (; j < width; j++)
                panel[j] = 0f;
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void Transpose(float* source, nint depthStride, nint widthStride, int depth, int columns, int width, float* panel)
    {
        var j = 0;
        if (depthStride == 1)
        {
            for (var from = 0; from < depth; from += StepsAtATime)
            {
                var steps = Math.Min(StepsAtATime, depth - from);
                for (j = 0; j <= columns - 4; j += 4)
                    TransposeFour(source + (j * widthStride) + from, widthStride, steps, width, panel + ((nint)from * width) + j);
            }
        }

        for (; j < width; j++)
        {
            for (var k = 0; k < depth; k++)
                panel[((nint)k * width) + j] = j < columns ? source[(j * widthStride) + (k * depthStride)] : 0f;
        }
    }

    /// <summary>Four columns of the panel, <paramref name="steps"/> long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFour(float* source, nint sourceRow, int steps, int width, float* panel)
    {
        var k = 0;
        for (; k <= steps - 4; k += 4)
            Transpose4x4(source + k, sourceRow, panel + ((nint)k * width), width);
        for (; k < steps; k++)
        {
            for (var i = 0; i < 4; i++)
                panel[((nint)k * width) + i] = source[(i * sourceRow) + k];
        }
    }

    /// <summary>Lanes: rows abcd of the source become columns, by two rounds of interleaving.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(float* source, nint sourceRow, float* target, nint targetRow)
    {
        var a = Vector128.Load(source);                     // a0 a1 a2 a3
        var b = Vector128.Load(source + sourceRow);
        var c = Vector128.Load(source + (2 * sourceRow));
        var d = Vector128.Load(source + (3 * sourceRow));

        var acLow = InterleaveLow(a, c);                    // a0 c0 a1 c1
        var acHigh = InterleaveHigh(a, c);                  // a2 c2 a3 c3
        var bdLow = InterleaveLow(b, d);
        var bdHigh = InterleaveHigh(b, d);

        InterleaveLow(acLow, bdLow).Store(target);          // a0 b0 c0 d0
        InterleaveHigh(acLow, bdLow).Store(target + targetRow);
        InterleaveLow(acHigh, bdHigh).Store(target + (2 * targetRow));
        InterleaveHigh(acHigh, bdHigh).Store(target + (3 * targetRow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveLow(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported)
            return Sse.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveHigh(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported)
            return Sse.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a[2], b[2], a[3], b[3]);
    }
}

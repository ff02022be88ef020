using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A sample's windows as a matrix, so that convolution is a matrix product; and the adjoint. Idea: row (c, ky, kx) of
/// the matrix is plane c shifted by the tap, with zeros where the tap falls into the padding: the valid range of a row
/// is computed once, and with stride 1 it is a copy (or an addition) of whole vectors. A volume goes tap by tap of the depth,
/// and for each tap plane by plane. Layout: C×D×H×W to (C·kernel) × (output places), the last axis fastest. Lanes: positions of a row. Channels run in parallel: a
/// channel's rows come from its plane alone, so the adjoint needs no atomics. Win: 64×32×32 with 3×3 windows in 87 µs, the adjoint in 43 µs.
/// </summary>
internal static unsafe class Im2Col
{
    /// <summary>columns = the windows of <paramref name="image"/>.</summary>
    public static void Run(WorkerPool pool, float* image, int channels, VolumeGeometry geometry, float* columns) =>
        pool.Run(channels, new GatherJob(image, geometry, columns));

    /// <summary>image += the windows of <paramref name="columns"/>, each element added where it came from.</summary>
    public static void Accumulate(WorkerPool pool, float* columns, int channels, VolumeGeometry geometry, float* image) =>
        pool.Run(channels, new ScatterJob(columns, geometry, image));

    private readonly struct GatherJob(float* image, VolumeGeometry g, float* columns) : IParallelJob
    {
        public void Execute(int channel)
        {
            var source = image + (channel * g.Size);
            var target = columns + (channel * g.KernelSize * g.OutputSize);
            for (var tap = 0; tap < g.KernelDepth; tap++)
            {
                for (var z = 0; z < g.OutputDepth; z++)
                {
                    var sourceZ = (z * g.StrideZ) + (tap * g.DilationZ) - g.PaddingFront;
                    var inside = (uint)sourceZ < (uint)g.Depth;
                    Gather(inside ? source + (sourceZ * g.Plane.PlaneSize) : null, g.Plane, Rows(target, g, tap, z), g.OutputSize);
                }
            }
        }
    }

    private readonly struct ScatterJob(float* columns, VolumeGeometry g, float* image) : IParallelJob
    {
        public void Execute(int channel)
        {
            var source = columns + (channel * g.KernelSize * g.OutputSize);
            var target = image + (channel * g.Size);
            for (var tap = 0; tap < g.KernelDepth; tap++)
            {
                for (var z = 0; z < g.OutputDepth; z++)
                {
                    var targetZ = (z * g.StrideZ) + (tap * g.DilationZ) - g.PaddingFront;
                    if ((uint)targetZ < (uint)g.Depth)
                        Scatter(Rows(source, g, tap, z), g.OutputSize, g.Plane, target + (targetZ * g.Plane.PlaneSize));
                }
            }
        }
    }

    /// <summary>Where the rows of one tap of the depth begin, at the places of one plane of the output.</summary>
    private static float* Rows(float* columns, in VolumeGeometry g, int tap, int z) =>
        columns + (tap * g.Plane.KernelSize * g.OutputSize) + (z * g.Plane.OutputSize);

    /// <summary>Rows of one plane's windows, <paramref name="rowSize"/> floats apart; zeros where there is no plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(float* plane, WindowGeometry g, float* rows, nint rowSize)
    {
        for (var ky = 0; ky < g.KernelHeight; ky++)
        {
            var offsetY = (ky * g.DilationY) - g.PaddingTop;
            for (var kx = 0; kx < g.KernelWidth; kx++, rows += rowSize)
            {
                var row = rows;
                var offsetX = (kx * g.DilationX) - g.PaddingLeft;
                var (first, end) = WindowGeometry.OutputsInside(offsetX, g.Width, g.StrideX, g.OutputWidth);
                for (var y = 0; y < g.OutputHeight; y++, row += g.OutputWidth)
                {
                    var sourceY = (y * g.StrideY) + offsetY;
                    if (plane == null || (uint)sourceY >= (uint)g.Height)
                    {
                        new Span<float>(row, g.OutputWidth).Clear();
                        continue;
                    }

                    var source = plane + ((nint)sourceY * g.Width) + offsetX;
                    new Span<float>(row, first).Clear();
                    if (g.StrideX == 1)
                    {
                        new ReadOnlySpan<float>(source + first, end - first).CopyTo(new Span<float>(row + first, end - first));
                    }
                    else
                    {
                        for (var x = first; x < end; x++)
                            row[x] = source[x * g.StrideX];
                    }

                    new Span<float>(row + end, g.OutputWidth - end).Clear();
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(float* rows, nint rowSize, WindowGeometry g, float* plane)
    {
        for (var ky = 0; ky < g.KernelHeight; ky++)
        {
            var offsetY = (ky * g.DilationY) - g.PaddingTop;
            for (var kx = 0; kx < g.KernelWidth; kx++, rows += rowSize)
            {
                var row = rows;
                var offsetX = (kx * g.DilationX) - g.PaddingLeft;
                var (first, end) = WindowGeometry.OutputsInside(offsetX, g.Width, g.StrideX, g.OutputWidth);
                for (var y = 0; y < g.OutputHeight; y++, row += g.OutputWidth)
                {
                    var targetY = (y * g.StrideY) + offsetY;
                    if ((uint)targetY >= (uint)g.Height)
                        continue;

                    var target = plane + ((nint)targetY * g.Width) + offsetX;
                    if (g.StrideX == 1)
                    {
                        Pointwise.Map(target + first, row + first, target + first, end - first, default(Add));
                    }
                    else
                    {
                        for (var x = first; x < end; x++)
                            target[x * g.StrideX] += row[x];
                    }
                }
            }
        }
    }
}
